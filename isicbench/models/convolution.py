"""The decoder's 3x3 convolution, by Winograd's minimal filtering on a CPU.

F(2x2, 3x3) of Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (CVPR 2016): 16 products stand in for
the 36 of each 2x2 outputs. Weights, inputs and outputs go to another basis and back by sums, so that the result differs
by rounding alone. A frozen encoder's features get no gradient, and their part of the way back falls away.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

_KERNEL_1D = torch.tensor([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])
KERNEL_BASIS = torch.kron(_KERNEL_1D, _KERNEL_1D)
"""`(16, 9)`: from a 3x3 kernel to its 16 factors."""


def convolve(features: Tensor, weight: Tensor) -> Tensor:
    """Convolve `(N, C, h, w)` with `(O, C, 3, 3)`, padding 1, to `(N, O, h, w)` in channels_last.

    Winograd's way serves features without gradient on a CPU; the others go through torch's own convolution.
    """
    if features.device.type == "cpu" and not features.requires_grad and features.dtype == torch.float32:
        convolved: Tensor = _TiledConvolution.apply(features, weight)
        return convolved
    return functional.conv2d(features, weight, padding=1)


class _TiledConvolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, features: Tensor, weight: Tensor) -> Tensor:
        count, _, height, width = features.shape
        tiles = input_tiles(features)
        factors = _weight_factors(weight)
        products = torch.bmm(tiles, factors.transpose(1, 2))
        ctx.save_for_backward(tiles)
        rows, columns = (height + 1) // 2, (width + 1) // 2
        outputs = _output_sums(products.view(4, 4, count, rows, columns, -1))
        return outputs[:, :height, :width].permute(0, 3, 1, 2)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, Tensor]:
        (tiles,) = ctx.saved_tensors
        spread = _spread_over_tiles(gradients[0].permute(0, 2, 3, 1))
        factors = torch.bmm(spread.transpose(1, 2), tiles)
        basis = KERNEL_BASIS.T.expand(factors.shape[1], 9, 16)
        taps = torch.bmm(basis, factors.transpose(0, 1))
        return None, taps.view(-1, 3, 3, taps.shape[2]).permute(0, 3, 2, 1)


def input_tiles(features: Tensor) -> Tensor:
    """`(16, N * rows * columns, C)`: the features' 4x4 tiles, two apart, in Winograd's basis."""
    count, channels, height, width = features.shape
    rows, columns = (height + 1) // 2, (width + 1) // 2
    padding = (0, 0, 1, 2 * columns - width + 1, 1, 2 * rows - height + 1)
    padded = functional.pad(features.permute(0, 2, 3, 1), padding)
    by_row = _input_sums(padded, dim=1, tiles=rows)
    return _input_sums(by_row, dim=3, tiles=columns).view(16, count * rows * columns, channels)


def _input_sums(pixels: Tensor, *, dim: int, tiles: int) -> Tensor:
    """Four combinations of each tile's four pixels along `dim`, stacked in front."""
    index = (slice(None),) * dim + (slice(None, None, 2),)
    first, second, third, fourth = (pixels.narrow(dim, start, 2 * tiles - 1)[index] for start in range(4))
    return torch.stack([first - third, second + third, third - second, second - fourth])


def _weight_factors(weight: Tensor) -> Tensor:
    """`(16, O, C)`, columns before rows as in the tiles."""
    taps = weight.permute(0, 3, 2, 1).reshape(weight.shape[0], 9, weight.shape[1])
    return torch.bmm(KERNEL_BASIS.expand(len(taps), 16, 9), taps).transpose(0, 1)


def _output_sums(products: Tensor) -> Tensor:
    """`(4, 4, N, rows, columns, O)` products to `(N, 2 * rows, 2 * columns, O)`."""
    columns = torch.stack([products[0] + products[1] + products[2], products[1] - products[2] - products[3]], dim=-2)
    rows = torch.stack([columns[0] + columns[1] + columns[2], columns[1] - columns[2] - columns[3]], dim=2)
    count, height, _, width, _, channels = rows.shape
    return rows.view(count, 2 * height, 2 * width, channels)


def _spread_over_tiles(gradient: Tensor) -> Tensor:
    """The transpose of `_output_sums`: `(N, h, w, O)` to `(16, N * rows * columns, O)`."""
    count, height, width, channels = gradient.shape
    padded = functional.pad(gradient, (0, 0, 0, width % 2, 0, height % 2))
    rows, columns = padded.shape[1] // 2, padded.shape[2] // 2
    pairs = padded.view(count, rows, 2, columns, 2, channels)
    by_row = _spread(pairs[:, :, 0], pairs[:, :, 1])
    spread = _spread(by_row[..., 0, :], by_row[..., 1, :])
    return spread.view(16, count * rows * columns, channels)


def _spread(first: Tensor, second: Tensor) -> Tensor:
    return torch.stack([first, first + second, first - second, -second])
