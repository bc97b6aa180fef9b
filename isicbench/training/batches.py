"""An epoch's batches: which images, in which order, and how each is changed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from isicbench.config import Config
from isicbench.training.augmentation import Draws, draw_augmentation, flip
from isicbench.training.colours import ColourStatistics
from isicbench.training.images import ColourTransform, Images, slices


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Which images, `(B,)` int64 on the CPU, and how each is changed."""

    rows: Tensor
    draws: Draws


def plan_epoch(
    config: Config, statistics: ColourStatistics, *, generator: torch.Generator, device: torch.device
) -> list[Batch]:
    """Order and augmentation of an epoch, drawn on the CPU; the augmentation is sent to the device at once."""
    order = torch.randperm(len(statistics.means), generator=generator)
    draws = draw_augmentation(config.augmentation, statistics.rows(order), generator=generator).to(device)
    return [Batch(order[part], draws.part(part)) for part in slices(len(order), config.batch_size)]


def augmented_batches(data: Images, plan: Sequence[Batch], colours: ColourTransform) -> Iterator[tuple[Tensor, Tensor]]:
    """`(B, 3, H, W)` float32 network input and `(B, H, W)` uint8 masks of each batch."""
    gathered = data.batches([batch.rows for batch in plan])
    for batch, (images, masks) in zip(plan, gathered, strict=True):
        draws = batch.draws
        yield colours.jitter(flip(images, draws.flips), draws.matrices, draws.offsets), flip(masks, draws.flips)
