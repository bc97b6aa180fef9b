"""Bilinear upsampling as two small matrix products."""

from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional


def upsample(grid: Tensor, *, size: Sequence[int]) -> Tensor:
    """`(..., h, w)` to `(..., H, W)`, as `interpolate(mode="bilinear", align_corners=False)`."""
    rows, columns = upsampling_matrices(grid, size=size)
    return rows @ (grid @ columns.T)


def upsampling_matrices(grid: Tensor, *, size: Sequence[int]) -> tuple[Tensor, Tensor]:
    """`(H, h)` and `(W, w)`: how much each cell of the grid counts at each pixel, by rows and by columns."""
    height, width = grid.shape[-2:]
    return _matrix(height, size[0], device=grid.device), _matrix(width, size[1], device=grid.device)


@lru_cache(maxsize=16)
def _matrix(cells: int, pixels: int, *, device: torch.device) -> Tensor:
    with torch.inference_mode(False):
        identity = torch.eye(cells, device=device)[None]
        return functional.interpolate(identity, size=pixels, mode="linear", align_corners=False)[0].T.contiguous()
