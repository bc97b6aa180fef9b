"""The loss in closed form against torch's own."""

import pytest
import torch
from torch.nn import functional

from isicbench.training.loss import Targets, upsampled_bce

SIZES = [(4, 4, 128, 128), (1, 1, 32, 32), (3, 5, 33, 47), (7, 7, 25, 25)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("spread", [0.1, 3.0, 60.0])
def test_loss_and_gradient_are_those_of_torch(size, spread):
    height, width, *pixels = size
    generator = torch.Generator().manual_seed(0)
    grid = (torch.randn(5, height, width, generator=generator) * spread).requires_grad_()
    masks = (torch.rand(5, *pixels, generator=generator) < 0.3).to(torch.uint8)
    loss = upsampled_bce(grid, Targets.of(masks, grid.shape[-2:]))
    (gradient,) = torch.autograd.grad(loss, grid)
    logits = functional.interpolate(grid[:, None].double(), size=pixels, mode="bilinear")[:, 0]
    expected = functional.binary_cross_entropy_with_logits(logits, masks.double())
    (expected_gradient,) = torch.autograd.grad(expected, grid)
    assert loss.item() == pytest.approx(expected.item(), rel=2e-6)
    assert torch.allclose(gradient, expected_gradient.float(), rtol=1e-4, atol=1e-8)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_a_logit_that_is_no_number_gives_a_loss_that_is_none(bad):
    grid = torch.zeros(2, 4, 4)
    grid[1, 2, 2] = bad
    masks = torch.ones(2, 32, 32, dtype=torch.uint8)
    assert not torch.isfinite(upsampled_bce(grid, Targets.of(masks, (4, 4))))
