"""Binary cross-entropy of upsampled logits, with its gradient in closed form on the logits' own grid."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from isicbench.models.upsampling import upsampling_matrices


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """`(N, H, W)` masks of 0 and 1 as the loss meets them: upsampling is linear, so their projection to the logits'
    grid says all."""

    lesion: Tensor
    """`(N, h, w)`: the pixels of the lesion, each counted at the cells that it is upsampled from."""
    size: torch.Size

    @classmethod
    def of(cls, masks: Tensor, grid: Sequence[int]) -> "Targets":
        rows, columns = upsampling_matrices(grid, size=masks.shape[-2:], device=masks.device)
        return cls((rows.T @ masks.float()) @ columns, masks.shape)


def upsampled_bce(grid: Tensor, targets: Targets) -> Tensor:
    """Mean over pixels of the cross-entropy between `(N, h, w)` logits, upsampled bilinearly, and masks."""
    loss: Tensor = _UpsampledBce.apply(grid, targets)
    return loss


class _UpsampledBce(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, grid: Tensor, targets: Targets) -> Tensor:
        rows, columns = upsampling_matrices(grid.shape[-2:], size=targets.size[-2:], device=grid.device)
        logits = rows @ (grid @ columns.T)
        probabilities = torch.sigmoid(logits)
        pixels = targets.size.numel()
        ctx.save_for_backward(((rows.T @ probabilities) @ columns - targets.lesion) / pixels)
        return (_softplus_sum(logits, probabilities) - (grid * targets.lesion).sum()) / pixels

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * gradients[0], None


def softplus(logits: Tensor) -> Tensor:
    """log(1 + exp(x)), without the slow `log1p`: the sigmoid of |x| is at least a half."""
    return torch.relu(logits) - torch.sigmoid(logits.abs()).log_()


def _softplus_sum(logits: Tensor, probabilities: Tensor) -> Tensor:
    """The sum of `softplus` over all logits, whose sigmoids are at hand."""
    return torch.relu(logits).sum() - _log_sum(torch.maximum(probabilities, 1 - probabilities).flatten())


def _log_sum(values: Tensor) -> Tensor:
    """The sum of the logarithms of values from a half to one: a product of up to 64 of them is far from zero, and
    costs less than their logarithms."""
    for _ in range(6):
        if len(values) % 2:
            break
        half = len(values) // 2
        values = values[:half] * values[half:]
    return values.log().sum()
