"""The decoder's 3x3 convolution, by Winograd's minimal filtering on a CPU.

F(2x2, 3x3) of Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (CVPR 2016): 16 products stand in for
the 36 of each 2x2 outputs. Features, weights and outputs go to another basis and back; on a small grid each way is one
product with a constant matrix. The result differs by rounding alone.
"""

import math
import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

LARGEST_GRID = 36
"""Cells. The constant matrices are dense: on larger grids they would cost more than is saved."""

_FEATURES = torch.tensor([[1.0, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]])
_KERNEL = torch.tensor([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])
_OUTPUTS = torch.tensor([[1.0, 1, 1, 0], [0, 1, -1, -1]])
"""The three bases in one dimension, as the paper gives them."""
KERNEL_BASIS = torch.kron(_KERNEL, _KERNEL)
"""`(16, 9)`: from a 3x3 kernel to its 16 factors."""


def feature_tiles(features: Tensor) -> Tensor | None:
    """`(N, C, h, w)` features in the basis, `(16, tiles * N, C)`, for all convolutions of them; None where torch's own
    convolution serves better.

    Winograd's way is for float32 features without gradient, as a frozen encoder's are, on small grids on a CPU.
    """
    count, channels, height, width = features.shape
    if features.device.type != "cpu" or features.dtype != torch.float32 or features.requires_grad:
        return None
    if height * width > LARGEST_GRID:
        return None
    by_cell = features.permute(2, 3, 0, 1).reshape(height * width, count * channels)
    return (_feature_basis(height, width) @ by_cell).view(16, -1, channels)


def convolve_tiles(tiles: Tensor, weight: Tensor, *, size: Sequence[int]) -> Tensor:
    """Convolve with `(O, C, 3, 3)` weights, padding 1, to `(h, w, N, O)`; `size` is `(h, w)`."""
    convolved: Tensor = _TiledConvolution.apply(tiles, weight, *size)
    return convolved


class _TiledConvolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, tiles: Tensor, weight: Tensor, height: int, width: int) -> Tensor:
        products = torch.bmm(tiles, _factors(weight).transpose(1, 2))
        ctx.save_for_backward(tiles)
        basis = _output_basis(height, width)
        outputs = basis @ products.view(basis.shape[1], -1)
        return outputs.view(height, width, -1, len(weight))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, Tensor, None, None]:
        (tiles,) = ctx.saved_tensors
        height, width, count, outputs = gradients[0].shape
        by_cell = gradients[0].reshape(height * width, count * outputs)
        products = (_output_basis(height, width).T @ by_cell).view(16, -1, outputs)
        factors = _scratch(16, outputs, tiles.shape[2])
        torch.bmm(products.transpose(1, 2), tiles, out=factors)
        taps = torch.bmm(KERNEL_BASIS.T.expand(outputs, 9, 16), factors.transpose(0, 1))
        return None, taps.view(outputs, 3, 3, -1).permute(0, 3, 1, 2), None, None


def _factors(weight: Tensor) -> Tensor:
    """`(16, O, C)`, valid until the next call.

    A weight whose taps stand before its channels in memory (channels_last) is read where it lies.
    """
    taps = weight.permute(0, 2, 3, 1).reshape(len(weight), 9, -1)
    factors = _scratch(len(taps), 16, taps.shape[2])
    return torch.bmm(KERNEL_BASIS.expand(len(taps), 16, 9), taps, out=factors).transpose(0, 1)


_places = threading.local()


def _scratch(*shape: int) -> Tensor:
    """A thread's one place for factors, which no step keeps: fresh memory of their size costs as much as they do."""
    place: Tensor | None = getattr(_places, "scratch", None)
    if place is None or place.numel() != math.prod(shape):
        with torch.inference_mode(False):
            place = _places.scratch = torch.empty(math.prod(shape))
    return place.view(shape)


@lru_cache(maxsize=16)
def _feature_basis(height: int, width: int) -> Tensor:
    """`(16 * tiles, h * w)`: a tile is 4x4 cells, the first of which may lie in the padding; tiles lie two apart."""
    rows, columns = _tile_cells(height), _tile_cells(width)
    basis = torch.einsum("ki,tip,lj,sjq->kltspq", _FEATURES, rows, _FEATURES, columns)
    return basis.reshape(-1, height * width).contiguous()


@lru_cache(maxsize=16)
def _output_basis(height: int, width: int) -> Tensor:
    """`(h * w, 16 * tiles)`: each tile gives 2x2 outputs; those beyond an odd edge fall away."""
    rows, columns = _output_cells(height), _output_cells(width)
    basis = torch.einsum("ik,tip,jl,sjq->pqklts", _OUTPUTS, rows, _OUTPUTS, columns)
    return basis.reshape(height * width, -1).contiguous()


def _tile_cells(size: int) -> Tensor:
    """`(tiles, 4, size)`: 1 where a tile's cell is this cell of the grid."""
    cells = 2 * torch.arange((size + 1) // 2)[:, None] + torch.arange(4) - 1
    return (cells[:, :, None] == torch.arange(size)).float()


def _output_cells(size: int) -> Tensor:
    """`(tiles, 2, size)`, likewise for outputs."""
    cells = 2 * torch.arange((size + 1) // 2)[:, None] + torch.arange(2)
    return (cells[:, :, None] == torch.arange(size)).float()
