"""What is drawn over epochs: values with their gaps, means over seeds, one scale for all losses."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import fmean

from isicbench.records import EpochRecord, RunStatus
from isicbench.report.experiments import Experiment


def with_epochs(experiments: Sequence[Experiment]) -> list[Experiment]:
    """Those that have any epoch on record."""
    return [experiment for experiment in experiments if any(outcome.epochs for outcome in experiment.leading)]


def epoch_values(epochs: Sequence[EpochRecord], field: str) -> dict[int, float]:
    """Epoch to value; a value that is not finite stays as a gap in the line."""
    values = {record.epoch: getattr(record, field) for record in epochs}
    return {epoch: value if value is not None and math.isfinite(value) else math.nan for epoch, value in values.items()}


def mean_values(series: Sequence[Mapping[int, float]]) -> dict[int, float]:
    """The mean over the series that have the epoch; a gap in one is a gap in the mean."""
    by_epoch: dict[int, list[float]] = defaultdict(list)
    for points in series:
        for epoch, value in points.items():
            by_epoch[epoch].append(value)
    return {epoch: fmean(by_epoch[epoch]) for epoch in sorted(by_epoch)}


def loss_limits(experiments: Sequence[Experiment]) -> tuple[float, float]:
    """One scale for every panel, from 0; a few wild values (a diverging run's) may leave it rather than flatten it."""
    losses = sorted(
        value
        for experiment in experiments
        for outcome in experiment.leading
        for field in ("train_loss", "validation_loss")
        for value in epoch_values(outcome.epochs, field).values()
        if math.isfinite(value)
    )
    if not losses:
        return 0.0, 1.0
    typical = losses[min(len(losses) - 1, int(0.9 * len(losses)))]
    return 0.0, 1.08 * min(losses[-1], 2.5 * typical) or 1.0


def drawn_states(experiment: Experiment) -> list[str]:
    """What to know of a drawn line: of how many seeds it is the mean, how its unfinished runs stand, a warning."""
    drawn = [outcome for outcome in experiment.leading if outcome.epochs]
    states = sorted({o.run.status.value for o in drawn if o.run.status is not RunStatus.COMPLETED})
    if any(outcome.collapsed for outcome in drawn):
        states.insert(0, "collapsed")
    if len(drawn) > 1:
        states.insert(0, f"mean of {len(drawn)} {'folds' if experiment.config.folds else 'seeds'}")
    if experiment.config.validate_on == "test":
        states.append("validated on the test set")
    return states
