"""What every loss promises."""

from collections.abc import Callable

import torch
from torch import Tensor

from isicbench.testing.promises import require
from isicbench.training.losses import Loss, loss_of

SURE = 30.0
"""A logit that is as good as certain."""
NOTHING = 1e-4
MUCH = 0.5
STEP = 1e-2


def check_loss(name: str) -> None:
    """Check a loss, by the name that `--loss` takes, on `(3, 4, 4)` logits and `(3, 16, 16)` masks."""
    for promise in LOSS_PROMISES:
        promise(loss_of(name))


def a_right_mask_costs_nothing_and_a_wrong_one_much(loss: Loss) -> None:
    masks = _problem()[1]
    right, wrong = (float(loss(_sure(answer), masks)) for answer in (masks, 1 - masks))
    require(abs(right) < NOTHING, f"a certain right mask costs nothing, but {right:g}")
    require(wrong > MUCH, f"a certain wrong mask costs more than {MUCH:g}, but {wrong:g}")


def gradients_are_finite_for_masks_that_are_empty_and_full(loss: Loss) -> None:
    grid = _problem()[0].requires_grad_()
    masks = torch.stack([torch.zeros(16, 16), torch.ones(16, 16), torch.zeros(16, 16)]).to(torch.uint8)
    (gradient,) = torch.autograd.grad(loss(grid, masks), grid)
    require(bool(torch.isfinite(gradient).all()), "gradients are finite for masks that are empty and full")


def descent_along_the_gradient_lowers_it(loss: Loss) -> None:
    grid, masks = _problem()
    grid.requires_grad_()
    before = loss(grid, masks)
    (gradient,) = torch.autograd.grad(before, grid)
    after = loss(grid.detach() - STEP * gradient / gradient.norm(), masks)
    require(bool(after < before), f"a short step along the gradient lowers it, from {before:g} to {after:g}")


LOSS_PROMISES: tuple[Callable[[Loss], None], ...] = (
    a_right_mask_costs_nothing_and_a_wrong_one_much,
    gradients_are_finite_for_masks_that_are_empty_and_full,
    descent_along_the_gradient_lowers_it,
)
"""Each raises `BrokenPromiseError`."""


def _problem() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    grid = torch.randn(3, 4, 4, generator=generator) * 2
    return grid, (torch.rand(3, 16, 16, generator=generator) < 0.4).to(torch.uint8)


def _sure(masks: Tensor) -> Tensor:
    return (masks.float() * 2 - 1) * SURE
