"""What a cross-validation says as one experiment."""

from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean

from isicbench.evaluation.folds import fold_interval
from isicbench.evaluation.intervals import Interval
from isicbench.evaluation.scales import Metric
from isicbench.report.experiments import Experiment
from isicbench.report.wording import figure, number_ranges

FOLD_SCORES = (
    "IoU and Dice of a cross-validation are means over the folds' means: each fold of the training images is scored, "
    "at the network's input size, by a network that was trained on the others. The test images are not used; what is "
    "said of them here is of the fold's images then. Folds share training images and are not independent: the 95% "
    "intervals are those of Nadeau and Bengio's corrected t, an approximation."
)


def fold_mean_interval(experiment: Experiment, metric: Metric) -> Interval | None:
    """Of the mean over folds, each the mean over its seeds; None unless every fold has a counted run."""
    config = experiment.config
    means = _fold_means(experiment, metric)
    if not config.folds or len(means) < config.folds:
        return None
    trained = (config.folds - 1) * (1 - config.validation_share)
    return fold_interval(list(means.values()), scored_to_trained=1 / trained)


TOLD = 12
"""Cross-validations, each in a sentence; the columns of the intervals hold all of them."""


def fold_lines(experiments: Sequence[Experiment]) -> list[str]:
    """A sentence for each cross-validation that has a counted run, up to `TOLD` of them."""
    counted = [experiment for experiment in experiments if experiment.config.folds and experiment.counted]
    more = len(counted) - TOLD
    lines = [_line(experiment) for experiment in counted[:TOLD]]
    return [*lines, f"And {more} more cross-validations."] if more > 0 else lines


def _line(experiment: Experiment) -> str:
    folds = experiment.config.folds
    found = _fold_means(experiment, Metric.DICE)
    if len(found) < folds:
        done = number_ranges(found)
        return f"{experiment.label}: of {folds} folds only {done} are scored, which is no cross-validation yet."
    parts = (_scored(experiment, metric, name) for metric, name in ((Metric.IOU, "IoU"), (Metric.DICE, "Dice")))
    return f"{experiment.label}: {folds}-fold cross-validation, {', '.join(parts)}."


def _scored(experiment: Experiment, metric: Metric, name: str) -> str:
    means = _fold_means(experiment, metric).values()
    text = f"{name} {figure(fmean(means))}, folds from {figure(min(means))} to {figure(max(means))}"
    interval = fold_mean_interval(experiment, metric)
    return f"{text} (95% interval {figure(interval.low)} to {figure(interval.high)})" if interval else text


def _fold_means(experiment: Experiment, metric: Metric) -> dict[int, float]:
    """By fold, of its counted runs."""
    scores: dict[int, list[float]] = defaultdict(list)
    for outcome in experiment.counted:
        if outcome.evaluation is not None:
            scores[outcome.run.config.fold].append(getattr(outcome.evaluation, metric.value))
    return {fold: fmean(values) for fold, values in sorted(scores.items())}
