"""An epoch's batches: which images, in which order, and how each is changed."""

from dataclasses import dataclass

import torch
from torch import Tensor

from isicbench.config import Config
from isicbench.training.augmentation import Draws, draw_augmentation, flip
from isicbench.training.colours import ColourStatistics
from isicbench.training.images import ColourTransform, ResidentImages, slices


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Which images, `(B,)` int64, and how each is changed."""

    rows: Tensor
    draws: Draws


def plan_epoch(
    config: Config, statistics: ColourStatistics, *, generator: torch.Generator, device: torch.device
) -> list[Batch]:
    """Order and augmentation of an epoch, drawn on the CPU and sent to the device at once."""
    order = torch.randperm(len(statistics.means), generator=generator)
    draws = draw_augmentation(config.augmentation, statistics.rows(order), generator=generator).to(device)
    rows = order.to(device)
    return [Batch(rows[part], draws.part(part)) for part in slices(len(rows), config.batch_size)]


def augmented_batch(data: ResidentImages, batch: Batch, colours: ColourTransform) -> tuple[Tensor, Tensor]:
    """`(B, 3, H, W)` float32 network input and `(B, H, W)` uint8 masks."""
    images = flip(data.images[batch.rows], batch.draws.flips)
    masks = flip(data.masks[batch.rows], batch.draws.flips)
    return colours.jitter(images, batch.draws.matrices, batch.draws.offsets), masks
