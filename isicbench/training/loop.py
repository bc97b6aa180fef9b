"""The training loop: a generator of steps and epochs that knows no database."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.optim import Adam

from isicbench.config import Config
from isicbench.evaluation.metrics import dice, iou, predicted_share
from isicbench.models.segmenter import Segmenter
from isicbench.records import EpochRecord, StepRecord
from isicbench.training.augmentation import Draws, draw_augmentation, flip
from isicbench.training.colours import ColourStatistics
from isicbench.training.images import ColourTransform, ResidentImages, slices
from isicbench.training.inference import Measured, measure


class TrainingDivergedError(Exception):
    """A loss was no longer finite. `epoch` and `step` count from 1 and tell where it was first."""

    def __init__(self, *, epoch: int, step: int) -> None:
        super().__init__(f"the loss was not finite from epoch {epoch}, step {step} on")
        self.epoch = epoch
        self.step = step


def train(
    segmenter: Segmenter, config: Config, *, seed: int, training: ResidentImages, validation: ResidentImages
) -> Iterator[StepRecord | EpochRecord]:
    """Train in place, on the device that holds the images; yields after every step and after every epoch.

    The caller may stop between any two. Order, flips and colours come from `seed` alone: on one CPU with the same
    number of threads, a repetition is equal to the last bit. Raises `TrainingDivergedError` at the end of an epoch in
    which a loss was not finite.
    """
    segmenter.train()
    generator = torch.Generator().manual_seed(seed)
    optimiser = Adam(segmenter.trainable_parameters(), lr=config.learning_rate, fused=True)
    colours = ColourTransform(mean=segmenter.encoder.mean, std=segmenter.encoder.std, device=training.device)
    statistics = ColourStatistics.of(training)
    for epoch in range(1, config.epochs + 1):
        started = time.perf_counter()
        losses = LossSum(training.device)
        plan = plan_epoch(config, statistics, generator=generator, device=training.device)
        for batch in plan:
            images, masks = augmented_batch(training, batch, colours)
            loss = take_step(segmenter, optimiser, images, masks)
            losses.add(loss, images=len(batch.rows))
            yield StepRecord(epoch=epoch, step=losses.steps, steps=len(plan))
        train_loss = losses.mean(epoch=epoch)
        train_seconds = time.perf_counter() - started
        measured = measure(segmenter, validation, threshold=config.threshold)
        if not math.isfinite(measured.loss):
            raise TrainingDivergedError(epoch=epoch, step=losses.steps)
        yield _epoch_record(
            measured,
            epoch=epoch,
            train_loss=train_loss,
            learning_rate=config.learning_rate,
            train_seconds=train_seconds,
            validation_seconds=time.perf_counter() - started - train_seconds,
            images=len(training),
        )


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
    """`(B, 3, H, W)` float32 network input and `(B, 1, H, W)` float32 targets."""
    images = flip(data.images[batch.rows], batch.draws.flips)
    masks = flip(data.masks[batch.rows], batch.draws.flips)
    return colours.jitter(images, batch.draws.matrices, batch.draws.offsets), masks[:, None].float()


def take_step(segmenter: Segmenter, optimiser: torch.optim.Optimizer, images: Tensor, masks: Tensor) -> Tensor:
    """One step of gradient descent on the mean binary cross-entropy; the loss stays on the device."""
    optimiser.zero_grad(set_to_none=True)
    loss = functional.binary_cross_entropy_with_logits(segmenter(images), masks)
    torch.autograd.backward(loss)
    optimiser.step()
    return loss.detach()


class LossSum:
    """An epoch's losses, summed on the device; nothing waits for them until `mean` is asked for."""

    def __init__(self, device: torch.device) -> None:
        self.total = torch.zeros((), dtype=torch.float64, device=device)
        self.first_bad_step = torch.zeros((), dtype=torch.int64, device=device)
        self.images = 0
        self.steps = 0

    def add(self, loss: Tensor, *, images: int) -> None:
        self.steps += 1
        self.images += images
        self.total += loss.double() * images
        bad = ~torch.isfinite(loss) & (self.first_bad_step == 0)
        self.first_bad_step += bad * self.steps

    def mean(self, *, epoch: int) -> float:
        """The mean over images; raises `TrainingDivergedError` if a loss was not finite."""
        if step := int(self.first_bad_step):
            raise TrainingDivergedError(epoch=epoch, step=step)
        return float(self.total) / self.images


def _epoch_record(
    measured: Measured,
    *,
    epoch: int,
    train_loss: float,
    learning_rate: float,
    train_seconds: float,
    validation_seconds: float,
    images: int,
) -> EpochRecord:
    return EpochRecord(
        epoch=epoch,
        train_loss=train_loss,
        validation_loss=measured.loss,
        validation_iou=float(np.mean(iou(measured.confusion))),
        validation_dice=float(np.mean(dice(measured.confusion))),
        foreground_share=predicted_share(measured.confusion),
        learning_rate=learning_rate,
        train_seconds=train_seconds,
        validation_seconds=validation_seconds,
        images_per_second=images / train_seconds,
    )
