"""An epoch's batches: which images, in which order, and how each is changed."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from isicbench.config import Config
from isicbench.training.augmentation import Draws, draw_augmentation, flip
from isicbench.training.colours import ColourStatistics
from isicbench.training.images import ColourTransform, Images, slices

ONE_CELL_PX = 32
"""The encoders' deepest maps are at 1/32."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Which images, `(B,)` int64 on the CPU, and how each is changed."""

    rows: Tensor
    draws: Draws


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPlace:
    """Where a step stands in a training, and among those whose gradients are gathered for one change of the weights."""

    done: int = 0
    """Steps before it."""
    steps: int = 1
    """Of the whole training."""
    share: float = 1.0
    """Its images, as a share of those of all steps that are gathered."""
    is_first: bool = True
    is_last: bool = True
    """After which the weights change."""
    changes: int = 1
    """Of the weights, from the first step to that change."""


def step_place(plan: Sequence[Batch], step: int, config: Config, *, epoch: int) -> StepPlace:
    """Of the `step`th batch of an epoch's plan, counted from 0. What is gathered ends with the epoch."""
    start = step - step % config.accumulate
    gathered = plan[start : start + config.accumulate]
    return StepPlace(
        done=(epoch - 1) * len(plan) + step,
        steps=config.epochs * len(plan),
        share=len(plan[step].rows) / sum(len(batch.rows) for batch in gathered),
        is_first=step == start,
        is_last=step == start + len(gathered) - 1,
        changes=(epoch - 1) * math.ceil(len(plan) / config.accumulate) + step // config.accumulate + 1,
    )


def plan_epoch(
    config: Config, statistics: ColourStatistics, *, generator: torch.Generator, device: torch.device
) -> list[Batch]:
    """Order and augmentation of an epoch, drawn on the CPU; the augmentation is sent to the device at once."""
    order = torch.randperm(len(statistics.means), generator=generator)
    draws = draw_augmentation(config.augmentation, statistics.rows(order), generator=generator).to(device)
    return [Batch(order[part], draws.part(part)) for part in _batch_slices(config, len(order))]


def _batch_slices(config: Config, count: int) -> list[slice]:
    """Of `count` images. At 32 px a map of one cell is left, where BatchNorm cannot train on a single image: one that
    would remain joins the batch before."""
    parts = list(slices(count, config.batch_size))
    alone = len(parts) > 1 and parts[-1].stop - parts[-1].start == 1
    if alone and not config.frozen and config.image_size_px <= ONE_CELL_PX:
        parts[-2:] = [slice(parts[-2].start, count)]
    return parts


def augmented_batches(data: Images, plan: Sequence[Batch], colours: ColourTransform) -> Iterator[tuple[Tensor, Tensor]]:
    """`(B, 3, H, W)` float32 network input and `(B, H, W)` uint8 masks of each batch."""
    gathered = data.batches([batch.rows for batch in plan])
    for batch, (images, masks) in zip(plan, gathered, strict=True):
        draws = batch.draws
        yield colours.jitter(flip(images, draws.flips), draws.matrices, draws.offsets), flip(masks, draws.flips)
