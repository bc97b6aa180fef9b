"""The losses against their definitions."""

import itertools

import numpy as np
import pytest
import torch

from isicbench.config import LOSSES as NAMES
from isicbench.training.losses import LOSSES, lovasz


def problem(seed: int = 0, spread: float = 2.0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    grid = torch.randn(3, 4, 4, generator=generator) * spread
    return grid, (torch.rand(3, 16, 16, generator=generator) < 0.4).to(torch.uint8)


def confident(masks: torch.Tensor) -> torch.Tensor:
    return (masks.float() * 2 - 1) * 30


def test_every_name_has_a_loss():
    assert tuple(LOSSES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_right_mask_costs_nothing_and_a_wrong_one_much(name):
    masks = problem()[1]
    right, wrong = (float(LOSSES[name](grid, masks)) for grid in (confident(masks), confident(1 - masks)))
    assert right == pytest.approx(0, abs=1e-4)
    assert wrong > 0.9


@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_finite_for_masks_that_are_empty_and_full(name):
    grid = problem()[0].requires_grad_()
    masks = torch.stack([torch.zeros(16, 16), torch.ones(16, 16), torch.zeros(16, 16)]).to(torch.uint8)
    (gradient,) = torch.autograd.grad(LOSSES[name](grid, masks), grid)
    assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("name", NAMES)
def test_descent_along_the_gradient_lowers_it(name):
    grid, masks = problem()
    grid.requires_grad_()
    loss = LOSSES[name](grid, masks)
    (gradient,) = torch.autograd.grad(loss, grid)
    moved = grid.detach() - 1e-2 * gradient / gradient.norm()
    assert LOSSES[name](moved, masks) < loss


def test_lovasz_is_the_extension_of_iou_over_all_sets_of_errors():
    """At hinge errors of 0 and 1 it is 1 - IoU of the mask that makes these errors."""
    truth = torch.tensor([1, 1, 0, 0, 1, 0, 0, 0, 0]).reshape(1, 3, 3).to(torch.uint8)
    for wrong in itertools.product([0, 1], repeat=9):
        mistaken = torch.tensor(wrong).reshape(1, 3, 3)
        logits = (1 - mistaken) * (truth.float() * 2 - 1)  # errors 1 - logit * sign: 0 where right, 1 where not
        predicted = np.logical_xor(truth.bool().numpy(), mistaken.bool().numpy())
        union = np.logical_or(predicted, truth.bool().numpy()).sum()
        jaccard = np.logical_and(predicted, truth.bool().numpy()).sum() / union if union else 1.0
        assert float(lovasz(logits, truth)) == pytest.approx(1 - jaccard, abs=1e-6)
