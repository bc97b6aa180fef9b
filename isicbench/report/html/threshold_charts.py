"""Validation Dice over thresholds, and the reliability of the test pixels' probabilities."""

from collections.abc import Sequence
from statistics import fmean

import numpy as np

from isicbench.evaluation.calibration import reliability
from isicbench.records import ProbabilityRecord
from isicbench.report.html.axes import value_axis
from isicbench.report.html.line_chart import BOTTOM, LEFT, RIGHT, TOP, Line, LineChart
from isicbench.report.html.series import Series
from isicbench.report.thresholds import Probabilities, on_split


def threshold_charts(series: Sequence[Series], probabilities: Probabilities) -> list[LineChart]:
    """Both charts from 0 to 1; none of what is not recorded."""
    charts = [
        _chart(
            key="threshold-dice",
            title="Validation Dice by threshold",
            x_label="Threshold",
            y_label="Mean over images",
            lines=[_score_line(one, _records(one, probabilities, "validation")) for one in series],
            markers=False,
        ),
        _chart(
            key="reliability",
            title="Reliability on the test pixels",
            x_label="Predicted probability",
            y_label="Share of lesion pixels",
            lines=[
                _reliability_line(one, _records(one, probabilities, one.experiment.config.scored_split))
                for one in series
            ],
            diagonal=True,
        ),
    ]
    return [chart for chart in charts if chart.lines]


def _chart(
    *,
    key: str,
    title: str,
    x_label: str,
    y_label: str,
    lines: Sequence[Line | None],
    diagonal: bool = False,
    markers: bool = True,
) -> LineChart:
    return LineChart(
        key=key,
        title=title,
        x_label=x_label,
        y_label=y_label,
        x=value_axis(0.0, 1.0, start=LEFT, end=RIGHT),
        y=value_axis(0.0, 1.0, start=BOTTOM, end=TOP),
        lines=tuple(line for line in lines if line is not None),
        diagonal=diagonal,
        markers=markers,
    )


def _records(series: Series, probabilities: Probabilities, split: str) -> list[ProbabilityRecord]:
    """One of each seed that has any."""
    found = (on_split(probabilities.get(outcome.run.id, ()), split) for outcome in series.experiment.leading)
    return [record for record in found if record is not None]


def _score_line(series: Series, records: Sequence[ProbabilityRecord]) -> Line | None:
    """The mean over seeds with their lowest and highest, a ring at the threshold that the test set was scored at."""
    by_threshold: dict[float, list[float]] = {}
    for record in records:
        for score in record.threshold_scores:
            by_threshold.setdefault(score.threshold, []).append(score.dice)
    thresholds = sorted(threshold for threshold, dice in by_threshold.items() if len(dice) == len(records))
    if not thresholds:
        return None
    means = {threshold: fmean(by_threshold[threshold]) for threshold in thresholds}
    several = len(records) > 1
    return Line(
        series=series,
        x=tuple(thresholds),
        y=tuple(means.values()),
        low=tuple(min(by_threshold[threshold]) for threshold in thresholds) if several else (),
        high=tuple(max(by_threshold[threshold]) for threshold in thresholds) if several else (),
        ring=_scored_at(series, means),
    )


def _scored_at(series: Series, means: dict[float, float]) -> tuple[float, float] | None:
    """Of the first seed that was scored."""
    evaluations = [outcome.evaluation for outcome in series.experiment.leading if outcome.evaluation]
    if not evaluations:
        return None
    nearest = min(means, key=lambda threshold: abs(threshold - evaluations[0].threshold))
    return nearest, means[nearest]


def _reliability_line(series: Series, records: Sequence[ProbabilityRecord]) -> Line | None:
    """Of all seeds' pixels together."""
    alike = [record for record in records if len(record.positives) == len(records[0].positives)]
    if not alike:
        return None
    positives = np.sum([record.positives for record in alike], axis=0)
    negatives = np.sum([record.negatives for record in alike], axis=0)
    diagram = reliability(positives.tolist(), negatives.tolist())
    return Line(series=series, x=tuple(diagram.predicted.tolist()), y=tuple(diagram.observed.tolist()))
