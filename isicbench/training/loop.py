"""The training loop: a generator of steps and epochs that knows no database."""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from isicbench.config import Config
from isicbench.evaluation.metrics import dice, iou, predicted_share
from isicbench.models.segmenter import Segmenter
from isicbench.records import EpochRecord, StepRecord
from isicbench.training.batches import augmented_batch, plan_epoch
from isicbench.training.colours import ColourStatistics
from isicbench.training.figures import RunningFigures, TrainingDivergedError
from isicbench.training.graph import Step, graphed
from isicbench.training.images import ColourTransform, ResidentImages
from isicbench.training.inference import Measured, Measurement
from isicbench.training.learners import learner_for
from isicbench.training.sharing import sharing_key

__all__ = ["RunEvent", "TrainingDivergedError", "train", "train_together"]


@dataclass(frozen=True, slots=True)
class RunEvent:
    """What happened to the run at `index` of those that train together; an error is the last of its events."""

    index: int
    event: StepRecord | EpochRecord | TrainingDivergedError


def train(
    segmenter: Segmenter, config: Config, *, seed: int, training: ResidentImages, validation: ResidentImages
) -> Iterator[StepRecord | EpochRecord]:
    """Train in place, on the device that holds the images; yields after every step and after every epoch.

    The caller may stop between any two. Order, flips and colours come from `config.data_seed`, or from `seed` where
    there is none: on one CPU with the same number of threads, a repetition is equal to the last bit. Raises
    `TrainingDivergedError` soon after a loss or gradient that was not finite.
    """
    data_seed = seed if config.data_seed is None else config.data_seed
    for event in train_together([segmenter], [config], data_seed=data_seed, training=training, validation=validation):
        if isinstance(event.event, TrainingDivergedError):
            raise event.event
        yield event.event


def train_together(
    segmenters: Sequence[Segmenter],
    configs: Sequence[Config],
    *,
    data_seed: int,
    training: ResidentImages,
    validation: ResidentImages,
) -> Iterator[RunEvent]:
    """Train several runs in place, side by side, on the same batches and one pass of their frozen encoder.

    On a CPU each ends as `train` alone makes it end, to the last bit, and a run that diverges leaves the others alone.
    The configs must have one `sharing.sharing_key` and the segmenters one encoder, else `ValueError`; a fine-tuned
    run trains alone. Seconds in the records are each run's share of the time that all took.
    """
    _check(segmenters, configs)
    for segmenter in segmenters:
        segmenter.train()
    learner = learner_for(segmenters, configs)
    try:
        yield from _epochs(
            _Group(segmenters, configs, training, validation),
            step=graphed(learner, batch_size=configs[0].batch_size, device=training.device),
            generator=torch.Generator().manual_seed(data_seed),
        )
    finally:
        learner.forget_gradients()


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    segmenters: Sequence[Segmenter]
    configs: Sequence[Config]
    training: ResidentImages
    validation: ResidentImages


def _check(segmenters: Sequence[Segmenter], configs: Sequence[Config]) -> None:
    if len(segmenters) != len(configs) or not segmenters:
        raise ValueError(f"{len(segmenters)} segmenters and {len(configs)} configs")
    if len(segmenters) == 1:
        return
    if None in (keys := {sharing_key(config, seed=0) for config in configs}) or len(keys) > 1:
        raise ValueError("these runs cannot share batches and a frozen encoder")
    first = segmenters[0].encoder.state_dict()
    for segmenter in segmenters[1:]:
        if not all(torch.equal(first[name], tensor) for name, tensor in segmenter.encoder.state_dict().items()):
            raise ValueError("the segmenters' encoders differ")


def _epochs(group: _Group, *, step: Step, generator: torch.Generator) -> Iterator[RunEvent]:
    config, training = group.configs[0], group.training
    encoder = group.segmenters[0].encoder
    colours = ColourTransform(mean=encoder.mean, std=encoder.std, device=training.device)
    statistics = ColourStatistics.of(training)
    measurement = Measurement(group.segmenters, group.validation)
    figures = RunningFigures(len(group.segmenters), device=training.device)
    active = set(range(len(group.segmenters)))
    for epoch in range(1, config.epochs + 1):
        clock = _Clock(runs=len(active))
        figures.begin_epoch(epoch)
        plan = plan_epoch(config, statistics, generator=generator, device=training.device)
        for batch in plan:
            images, masks = augmented_batch(training, batch, colours)
            figures.add(step(images, masks), images=len(batch.rows))
            if figures.any_bad(active):
                yield from _diverged(figures, active)
            if not active:
                return
            for index in sorted(active):
                yield RunEvent(index, StepRecord(epoch=epoch, step=figures.steps, steps=len(plan)))
        yield from _diverged(figures, active)
        clock.training_ends()
        measured = measurement.take([config.threshold for config in group.configs])
        clock.validation_ends()
        for index in sorted(active):
            if math.isfinite(measured[index].loss):
                record = _epoch_record(measured[index], figures, clock, index=index, config=group.configs[index])
                yield RunEvent(index, record)
            else:
                active.remove(index)
                yield RunEvent(index, TrainingDivergedError(epoch=epoch, step=figures.steps))


def _diverged(figures: RunningFigures, active: set[int]) -> Iterator[RunEvent]:
    """Take the runs that diverged out of the active ones."""
    for index, error in enumerate(figures.divergence()):
        if error is not None and index in active:
            active.remove(index)
            yield RunEvent(index, error)


class _Clock:
    """An epoch's seconds, shared evenly among the runs that train together."""

    def __init__(self, *, runs: int) -> None:
        self.runs = runs
        self.started = time.perf_counter()

    def training_ends(self) -> None:
        self.trained = time.perf_counter()
        self.train_seconds = (self.trained - self.started) / self.runs

    def validation_ends(self) -> None:
        self.validation_seconds = (time.perf_counter() - self.trained) / self.runs


def _epoch_record(
    measured: Measured, figures: RunningFigures, clock: _Clock, *, index: int, config: Config
) -> EpochRecord:
    train_loss, gradient_norm = figures.means()[index]
    return EpochRecord(
        epoch=figures.epoch,
        train_loss=train_loss,
        validation_loss=measured.loss,
        validation_iou=float(np.mean(iou(measured.confusion))),
        validation_dice=float(np.mean(dice(measured.confusion))),
        foreground_share=predicted_share(measured.confusion),
        learning_rate=config.learning_rate,
        train_seconds=clock.train_seconds,
        validation_seconds=clock.validation_seconds,
        images_per_second=figures.images / clock.train_seconds,
        gradient_norm=gradient_norm,
    )
