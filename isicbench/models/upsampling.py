"""Bilinear upsampling as two small matrix products."""

from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional


def upsample(grid: Tensor, *, size: Sequence[int]) -> Tensor:
    """`(..., h, w)` to `(..., H, W)`, as `interpolate(mode="bilinear", align_corners=False)`."""
    rows, columns = upsampling_matrices(grid.shape[-2:], size=size, device=grid.device)
    return rows @ (grid @ columns.T)


def upsampling_matrices(grid: Sequence[int], *, size: Sequence[int], device: torch.device) -> tuple[Tensor, Tensor]:
    """`(H, h)` and `(W, w)`: how much each cell of an `(h, w)` grid counts at each pixel, by rows and by columns."""
    return _matrix(grid[0], size[0], device=device), _matrix(grid[1], size[1], device=device)


@lru_cache(maxsize=16)
def _matrix(cells: int, pixels: int, *, device: torch.device) -> Tensor:
    with torch.inference_mode(False):
        identity = torch.eye(cells, device=device)[None]
        return functional.interpolate(identity, size=pixels, mode="linear", align_corners=False)[0].T.contiguous()
