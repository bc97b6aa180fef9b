"""How long runs and a study will still take, from what their epochs took so far."""

import heapq
from collections.abc import Mapping, Sequence
from datetime import datetime
from statistics import fmean

from isicbench.records import EpochRecord, RunRecord, RunStatus

RECENT_EPOCHS = 5

Epochs = Mapping[int, Sequence[EpochRecord]]


def run_seconds_left(run: RunRecord, epochs: Sequence[EpochRecord], *, now: datetime) -> float | None:
    """Seconds until a running run's last epoch ends; None before its first step.

    With epochs on record: their recent mean times what is left. In the first one: the time since the start.
    """
    if run.status is not RunStatus.RUNNING:
        return None
    done = epochs_done(run, epochs)
    if per_epoch := seconds_an_epoch(epochs):
        return max(0.0, (run.config.epochs - done) * per_epoch)
    if not done or run.started_at is None:
        return None
    return (now - run.started_at).total_seconds() * (run.config.epochs - done) / done


def study_seconds_left(runs: Sequence[RunRecord], epochs: Epochs, *, now: datetime) -> float | None:
    """Seconds until the last run ends if each queued one goes to the slot that is free first; None where unknown."""
    running = [run for run in runs if run.status is RunStatus.RUNNING]
    left = [run_seconds_left(run, epochs.get(run.id, ()), now=now) for run in running]
    slots = [seconds for seconds in left if seconds is not None]
    if not running or len(slots) < len(running):
        return None
    expected = _expected_seconds(runs, epochs)
    heapq.heapify(slots)
    for run in runs:
        if run.status is RunStatus.QUEUED:
            seconds = expected.get(run.config.config_hash, expected.get("", slots[0] / max(1, run.config.epochs)))
            heapq.heapreplace(slots, slots[0] + seconds * run.config.epochs)
    return max(slots)


def epochs_done(run: RunRecord, epochs: Sequence[EpochRecord]) -> float:
    """Epochs behind the run, the one under way by its share of steps."""
    recorded = max((record.epoch for record in epochs), default=0)
    under_way = run.step / run.steps if run.steps and run.epoch > recorded else 0.0
    return min(float(run.config.epochs), max(recorded, run.epoch - 1 if under_way else 0) + under_way)


def seconds_an_epoch(epochs: Sequence[EpochRecord]) -> float | None:
    """Mean of the last few epochs' training and validation time; None without epochs."""
    recent = sorted(epochs, key=lambda record: record.epoch)[-RECENT_EPOCHS:]
    return fmean(record.train_seconds + record.validation_seconds for record in recent) if recent else None


def _expected_seconds(runs: Sequence[RunRecord], epochs: Epochs) -> dict[str, float]:
    """Seconds an epoch by config hash; under the empty hash the mean over all, for configs not yet seen."""
    known: dict[str, list[float]] = {}
    for run in runs:
        if seconds := seconds_an_epoch(epochs.get(run.id, ())):
            known.setdefault(run.config.config_hash, []).append(seconds)
    means = {config_hash: fmean(values) for config_hash, values in known.items()}
    return means | {"": fmean(means.values())} if means else {}
