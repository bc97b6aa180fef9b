"""The training loop: a generator of steps and epochs that knows no database."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from isicbench.config import Config
from isicbench.evaluation.metrics import dice, iou, predicted_share
from isicbench.models.segmenter import Segmenter
from isicbench.records import EpochRecord, StepRecord
from isicbench.training.batches import augmented_batches, plan_epoch, step_place
from isicbench.training.colours import ColourStatistics
from isicbench.training.figures import RunningFigures, TrainingDivergedError
from isicbench.training.graph import Step, graphed
from isicbench.training.images import ColourTransform, Images
from isicbench.training.inference import Measured, Measurement
from isicbench.training.kept import Choice
from isicbench.training.learners import Learner, learner_for
from isicbench.training.schedule import rate_share
from isicbench.training.sharing import sharing_key
from isicbench.training.state import FiguresState, TrainingState

__all__ = ["RunEvent", "TrainingDivergedError", "train", "train_together"]


@dataclass(frozen=True, slots=True)
class RunEvent:
    """What happened to the run at `index` of those that train together; an error is the last of its events."""

    index: int
    event: StepRecord | EpochRecord | TrainingDivergedError
    state: Callable[[], TrainingState | None]
    """Copies where the run stands after this event, for `resume_from`; None where a number in it is not finite. To be
    called before the next step is asked for."""


def train(
    segmenter: Segmenter,
    config: Config,
    *,
    seed: int,
    training: Images,
    validation: Images,
    resume_from: TrainingState | None = None,
) -> Iterator[StepRecord | EpochRecord]:
    """Train in place, on the device that holds the images; yields after every step and after every epoch.

    The caller may stop between any two. Order, flips and colours come from `config.data_seed`, or from `seed` where
    there is none: on one CPU with the same number of threads, a repetition is equal to the last bit, and so is a
    training that goes on from a state of it. Raises `TrainingDivergedError` soon after a loss or gradient that was
    not finite.
    """
    for event in train_together(
        [segmenter],
        [config],
        data_seed=seed if config.data_seed is None else config.data_seed,
        training=training,
        validation=validation,
        resume_from=None if resume_from is None else [resume_from],
    ):
        if isinstance(event.event, TrainingDivergedError):
            raise event.event
        yield event.event


def train_together(
    segmenters: Sequence[Segmenter],
    configs: Sequence[Config],
    *,
    data_seed: int,
    training: Images,
    validation: Images,
    resume_from: Sequence[TrainingState] | None = None,
) -> Iterator[RunEvent]:
    """Train several runs in place, side by side, on the same batches and one pass of their frozen encoder.

    On a CPU each ends as `train` alone makes it end, to the last bit, and a run that diverges leaves the others alone.
    The configs must have one `sharing.sharing_key` and the segmenters one encoder, else `ValueError`; a fine-tuned
    run trains alone. Seconds in the records are each run's share of the time that all took.

    With `resume_from`, a state for each, which must all stand at one position (else `ValueError`), training goes on
    from there; whether the states came from runs side by side or alone makes no difference.
    """
    _check(segmenters, configs)
    if resume_from is not None and (len(resume_from) != len(configs) or len({s.position for s in resume_from}) != 1):
        raise ValueError("the runs' states do not stand at one position")
    for segmenter in segmenters:
        segmenter.train()
    learner = learner_for(segmenters, configs)
    try:
        yield from _epochs(
            _Group(segmenters, configs, training, validation, learner),
            generator=torch.Generator().manual_seed(data_seed),
            resume_from=resume_from,
        )
    finally:
        learner.forget_gradients()


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    segmenters: Sequence[Segmenter]
    configs: Sequence[Config]
    training: Images
    validation: Images
    learner: Learner


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


def _epochs(
    group: _Group, *, generator: torch.Generator, resume_from: Sequence[TrainingState] | None
) -> Iterator[RunEvent]:
    config, training, learner = group.configs[0], group.training, group.learner
    encoder = group.segmenters[0].encoder
    colours = ColourTransform(mean=encoder.mean, std=encoder.std, device=training.device)
    statistics = ColourStatistics.of(training)
    standing = _Standing(group, RunningFigures(len(group.segmenters), device=training.device), generator)
    figures, choices = standing.figures, standing.choices
    step: Step | None = None
    measurement: Measurement | None = None
    active = set(range(len(group.segmenters)))
    for epoch in range(standing.resume(resume_from), config.epochs + 1):
        if choices[0].ends_after(epoch - 1):
            break
        standing.begin_epoch(epoch, runs=len(active))
        if learner.begin_epoch(epoch) or step is None or measurement is None:
            step = graphed(learner, config, device=training.device)
            measurement = Measurement(group.segmenters, group.validation)
        if resume_from is not None:
            standing.restore(resume_from)
            resume_from = None
        plan = plan_epoch(config, statistics, generator=generator, device=training.device)
        for images, masks in augmented_batches(training, plan[figures.steps :], colours):
            learner.begin_step(step_place(plan, figures.steps, config, epoch=epoch))
            figures.add(step(images, masks), images=len(images))
            learner.end_step()
            if figures.any_bad(active):
                yield from _diverged(figures, active)
            if not active:
                return
            record = StepRecord(epoch=epoch, step=figures.steps, steps=len(plan))
            for index in sorted(active):
                yield RunEvent(index, record, partial(standing.within_epoch, index))
        yield from _diverged(figures, active)
        standing.clock.training_ends()
        with learner.as_evaluated():
            measured = measurement.take([config.threshold for config in group.configs])
            standing.clock.validation_ends()
            ended = {
                index: _epoch_record(
                    measured[index],
                    figures,
                    standing.clock,
                    index=index,
                    config=group.configs[index],
                    steps=config.epochs * len(plan),
                )
                for index in sorted(active)
                if math.isfinite(measured[index].loss)
            }
            for index, ends in ended.items():
                choices[index].consider(ends, partial(learner.weights, index))
        for index in sorted(active):
            if index in ended:
                yield RunEvent(index, ended[index], partial(standing.after_epoch, index))
            else:
                active.remove(index)
                yield RunEvent(index, TrainingDivergedError(epoch=epoch, step=figures.steps), _no_state)
    for index in active:
        best = choices[index].best
        learner.finish(index, best.weights if best is not None else {})


class _Standing:
    """What changes from step to step, and copies of it."""

    def __init__(self, group: _Group, figures: RunningFigures, generator: torch.Generator) -> None:
        self.learner = group.learner
        self.choices = [Choice(config) for config in group.configs]
        self.figures = figures
        self.generator = generator

    def resume(self, states: Sequence[TrainingState] | None) -> int:
        """Put the learner where the states stand; the epoch that is the next, or goes on."""
        if states:
            self.learner.begin_epoch(states[0].epoch)
        for run, state in enumerate(states or ()):
            self.learner.restore(run, state.learner)
            self.choices[run].best = state.best
        return states[0].epoch if states else 1

    def begin_epoch(self, epoch: int, *, runs: int) -> None:
        self.clock = _Clock(runs=runs)
        self.figures.begin_epoch(epoch)
        self.drawn_from = self.generator.get_state()

    def restore(self, states: Sequence[TrainingState]) -> None:
        """In the epoch of the states, which has begun."""
        self.clock.add(sum(state.seconds for state in states))
        self.drawn_from = states[0].generator
        self.generator.set_state(self.drawn_from)
        for run, state in enumerate(states):
            self.figures.restore(run, state.figures, steps=state.step)

    def within_epoch(self, run: int) -> TrainingState | None:
        """After the epoch's last step so far."""
        figures, seconds = self.figures.state(run), self.clock.seconds_so_far()
        return self._state(run, self.figures.epoch, self.figures.steps, figures, self.drawn_from, seconds)

    def after_epoch(self, run: int) -> TrainingState | None:
        """At the begin of the next epoch."""
        figures = self.figures.state(run)
        if figures is not None:
            figures = replace(figures, images=0, total=0.0, largest_norm=0.0)
        return self._state(run, self.figures.epoch + 1, 0, figures, self.generator.get_state(), 0.0)

    def _state(
        self, run: int, epoch: int, step: int, figures: FiguresState | None, generator: Tensor, seconds: float
    ) -> TrainingState | None:
        learner = self.learner.state(run)
        if figures is None or not learner.is_finite():
            return None
        return TrainingState(
            epoch=epoch,
            step=step,
            generator=generator,
            learner=learner,
            figures=figures,
            seconds=seconds,
            best=self.choices[run].best,
        )


def _no_state() -> None:
    """A training that diverged has none."""


def _diverged(figures: RunningFigures, active: set[int]) -> Iterator[RunEvent]:
    """Take the runs that diverged out of the active ones."""
    for index, error in enumerate(figures.divergence()):
        if error is not None and index in active:
            active.remove(index)
            yield RunEvent(index, error, _no_state)


class _Clock:
    """An epoch's seconds, shared evenly among the runs that train together."""

    def __init__(self, *, runs: int) -> None:
        self.runs = runs
        self.started = time.perf_counter()

    def add(self, seconds: float) -> None:
        """Count what was spent on the epoch before, in all runs together."""
        self.started -= seconds

    def seconds_so_far(self) -> float:
        return (time.perf_counter() - self.started) / self.runs

    def training_ends(self) -> None:
        self.trained = time.perf_counter()
        self.train_seconds = (self.trained - self.started) / self.runs

    def validation_ends(self) -> None:
        self.validation_seconds = (time.perf_counter() - self.trained) / self.runs


def _epoch_record(
    measured: Measured, figures: RunningFigures, clock: _Clock, *, index: int, config: Config, steps: int
) -> EpochRecord:
    """`steps` are those of the whole training."""
    train_loss, gradient_norm = figures.means()[index]
    share = rate_share(config, done=steps * figures.epoch // config.epochs - 1, steps=steps)
    return EpochRecord(
        epoch=figures.epoch,
        train_loss=train_loss,
        validation_loss=measured.loss,
        validation_iou=float(np.mean(iou(measured.confusion))),
        validation_dice=float(np.mean(dice(measured.confusion))),
        foreground_share=predicted_share(measured.confusion),
        learning_rate=config.learning_rate * share,
        train_seconds=clock.train_seconds,
        validation_seconds=clock.validation_seconds,
        images_per_second=figures.images / clock.train_seconds,
        gradient_norm=gradient_norm,
    )
