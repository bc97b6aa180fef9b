"""The study's augmentation: flips and colour jitter, drawn for a whole epoch and applied to a batch at once."""

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from isicbench.config import Augmentation
from isicbench.training.colours import HUE, ColourStatistics, colour_maps

BRIGHTNESS = 0.2
CONTRAST = 0.2
SATURATION = 0.2
"""Strengths as in torchvision's ColorJitter: factors are drawn from 1 ± strength."""


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """One epoch's random numbers, a row an image."""

    flips: Tensor
    """`(N, 2)` bool: left-right, up-down."""
    matrices: Tensor
    """`(N, 3, 3)` colour matrices."""
    offsets: Tensor
    """`(N, 3)`."""

    def to(self, device: torch.device) -> "Draws":
        return Draws(self.flips.to(device), self.matrices.to(device), self.offsets.to(device))

    def part(self, rows: slice) -> "Draws":
        return Draws(self.flips[rows], self.matrices[rows], self.offsets[rows])


def draw_augmentation(kind: Augmentation, statistics: ColourStatistics, *, generator: Generator) -> Draws:
    """Draw for one epoch; the statistics stand in the order in which the images will be used."""
    count = len(statistics.means)
    flips = torch.rand(count, 2, generator=generator) < (0.0 if kind == "none" else 0.5)
    strength = 1.0 if kind == "study" else 0.0
    factors = (torch.rand(count, 4, generator=generator) * 2 - 1) * strength
    matrices, offsets = colour_maps(
        statistics,
        brightness=1 + BRIGHTNESS * factors[:, 0],
        contrast=1 + CONTRAST * factors[:, 1],
        saturation=1 + SATURATION * factors[:, 2],
        hue=HUE * factors[:, 3],
    )
    return Draws(flips, matrices, offsets)


def flip(images: Tensor, flips: Tensor) -> Tensor:
    """Flip each of `(N, H, W, ...)` left-right and up-down where its row of `flips` `(N, 2)` says so."""
    shape = (-1,) + (1,) * (images.dim() - 1)
    images = torch.where(flips[:, 0].view(shape), images.flip(2), images)
    return torch.where(flips[:, 1].view(shape), images.flip(1), images)
