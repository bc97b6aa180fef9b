"""Binary cross-entropy of upsampled logits, with its gradient in closed form on the logits' own grid."""

from typing import Any

import torch
from torch import Tensor

from isicbench.models.upsampling import upsampling_matrices


def upsampled_bce(grid: Tensor, masks: Tensor) -> Tensor:
    """Mean over pixels of the cross-entropy between `(..., N, h, w)` logits, upsampled bilinearly, and masks.

    `(N, H, W)` masks of 0 and 1; the result has the logits' leading dimensions. Upsampling is linear, so the masks
    enter by their projection to the grid, and no gradient of full size is kept.
    """
    losses: Tensor = _UpsampledBce.apply(grid, masks)
    return losses


class _UpsampledBce(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, grid: Tensor, masks: Tensor) -> Tensor:
        rows, columns = upsampling_matrices(grid, size=masks.shape[-2:])
        logits = rows @ (grid @ columns.T)
        lesion = rows.T @ (masks.to(grid.dtype) @ columns)
        ctx.save_for_backward((rows.T @ (torch.sigmoid(logits) @ columns) - lesion) / masks.numel())
        return (softplus(logits).sum((-3, -2, -1)) - (grid * lesion).sum((-3, -2, -1))) / masks.numel()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * gradients[0][..., None, None, None], None


def softplus(logits: Tensor) -> Tensor:
    """log(1 + exp(x)), without the slow `log1p`: the sigmoid of |x| is at least a half."""
    return torch.relu(logits) - torch.sigmoid(logits.abs()).log_()
