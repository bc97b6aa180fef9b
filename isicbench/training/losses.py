"""The losses that a config can name, of logits on the decoder's grid against masks at full size."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from isicbench.models.upsampling import upsample
from isicbench.plugins import Kind, ListedPart, Plugin, find_plugin, first_line, is_plugin_name, list_plugins
from isicbench.training.loss import Targets, upsampled_bce

SMOOTH = 1.0
"""Pixels added to both sides of an overlap, so that an image without a lesion has one."""
FOCUS = 2.0
"""Focal loss's exponent, as in its paper."""
MISSED, FALSE = 0.7, 0.3
"""Weights of the Tversky loss: a missed lesion pixel counts more than a false one."""

Loss = Callable[[Tensor, Tensor], Tensor]
"""From `(N, h, w)` logits and `(N, H, W)` masks of 0 and 1 to a scalar."""


def bce(grid: Tensor, masks: Tensor) -> Tensor:
    """Mean binary cross-entropy over all pixels."""
    return upsampled_bce(grid, Targets.of(masks, grid.shape[-2:]))


def soft_dice(grid: Tensor, masks: Tensor) -> Tensor:
    """1 - Dice of the probabilities, image by image (Milletari et al., 3DV 2016, without the squares)."""
    probabilities, truth = _probabilities(grid, masks)
    overlap = (probabilities * truth).sum((1, 2))
    return 1 - ((2 * overlap + SMOOTH) / (probabilities.sum((1, 2)) + truth.sum((1, 2)) + SMOOTH)).mean()


def bce_dice(grid: Tensor, masks: Tensor) -> Tensor:
    """The sum of both."""
    return bce(grid, masks) + soft_dice(grid, masks)


def focal(grid: Tensor, masks: Tensor) -> Tensor:
    """Cross-entropy that counts a pixel by how wrong it is, squared (Lin et al., ICCV 2017); without class weights."""
    logits, truth = upsample(grid, size=masks.shape[-2:]), masks.float()
    against = logits * (1 - 2 * truth)
    return (torch.sigmoid(against) ** FOCUS * functional.softplus(against)).mean()


def tversky(grid: Tensor, masks: Tensor) -> Tensor:
    """1 - the Tversky index, image by image (Salehi et al., MLMI 2017)."""
    probabilities, truth = _probabilities(grid, masks)
    hits = (probabilities * truth).sum((1, 2))
    missed, false = truth.sum((1, 2)) - hits, probabilities.sum((1, 2)) - hits
    return 1 - ((hits + SMOOTH) / (hits + MISSED * missed + FALSE * false + SMOOTH)).mean()


def lovasz(grid: Tensor, masks: Tensor) -> Tensor:
    """The Lovász hinge, a convex surrogate of 1 - IoU, image by image (Berman et al., CVPR 2018)."""
    logits, truth = upsample(grid, size=masks.shape[-2:]).flatten(1), masks.float().flatten(1)
    errors, order = torch.sort(1 - logits * (2 * truth - 1), dim=1, descending=True)
    sorted_truth = truth.gather(1, order)
    return (torch.relu(errors) * _lovasz_gradient(sorted_truth)).sum(1).mean()


def _lovasz_gradient(truth: Tensor) -> Tensor:
    """`(N, P)`: how much 1 - IoU grows with each further wrong pixel, in the order given."""
    lesion = truth.sum(1, keepdim=True)
    intersection = lesion - truth.cumsum(1)
    union = lesion + (1 - truth).cumsum(1)
    jaccard = 1 - intersection / union
    return torch.cat([jaccard[:, :1], jaccard[:, 1:] - jaccard[:, :-1]], dim=1)


def _probabilities(grid: Tensor, masks: Tensor) -> tuple[Tensor, Tensor]:
    return torch.sigmoid(upsample(grid, size=masks.shape[-2:])), masks.float()


LOSSES: dict[str, Loss] = {
    "bce": bce,
    "bce_dice": bce_dice,
    "dice": soft_dice,
    "focal": focal,
    "lovasz": lovasz,
    "tversky": tversky,
}


def loss_of(name: str) -> Loss:
    """By the name in a config; raises `ConfigError` for a plugin's that is not installed or is no loss."""
    if not is_plugin_name(name):
        return LOSSES[name]
    return plugin_loss(find_plugin(Kind.LOSS, name))


def plugin_loss(plugin: Plugin) -> Loss:
    """Tried on two images: it gives a finite scalar, whose gradient is finite. Raises `PluginError`."""
    loss: Loss = plugin.load()
    grid = torch.linspace(-2, 2, 32).reshape(2, 4, 4).requires_grad_()
    masks = (torch.arange(2 * 16 * 16).reshape(2, 16, 16) % 3 == 0).to(torch.uint8)
    value = plugin.call(loss, grid, masks)
    if not isinstance(value, Tensor) or value.ndim or not torch.isfinite(value):
        told = value.detach() if isinstance(value, Tensor) else type(value).__name__
        raise plugin.error(f"of (2, 4, 4) logits and (2, 16, 16) masks it returns {told}, expected a finite scalar")
    if not value.requires_grad:
        raise plugin.error("what it returns has no gradient")
    (gradient,) = plugin.call(torch.autograd.grad, value, grid)
    if not torch.isfinite(gradient).all():
        raise plugin.error("its gradient is not finite")
    return loss


def list_losses() -> list[ListedPart]:
    """Built-in ones, then those of other packages."""
    built_in = [ListedPart(name=name, what=first_line(loss)) for name, loss in LOSSES.items()]
    return [*built_in, *list_plugins(Kind.LOSS, check=plugin_loss)]
