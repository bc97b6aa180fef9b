"""Losses and validation scores over epochs, all experiments in each chart."""

import math
from collections.abc import Sequence

from isicbench.report.data_table import finite
from isicbench.report.epoch_series import epoch_values, loss_limits, mean_values
from isicbench.report.html.axes import Axis, epoch_axis, value_axis
from isicbench.report.html.line_chart import BOTTOM, LEFT, RIGHT, TOP, Line, LineChart, Values, thin
from isicbench.report.html.series import Series
from isicbench.report.labels import LOSS_NAMES, training_loss_name
from isicbench.report.wording import capitalised

INSET = 8
"""Between the frame and the first and last epoch."""


def epoch_charts(series: Sequence[Series]) -> list[LineChart]:
    """Training and validation loss on one scale, validation IoU and Dice from 0 to 1; none without any epochs."""
    drawn = [one for one in series if any(outcome.epochs for outcome in one.experiment.leading)]
    if not drawn:
        return []
    low, high = loss_limits([one.experiment for one in drawn])
    losses, scores = _y_axis(low, high), _y_axis(0.0, 1.0)
    last = max(record.epoch for one in drawn for outcome in one.experiment.leading for record in outcome.epochs)
    epochs = epoch_axis(last, start=LEFT + INSET, end=RIGHT - INSET)
    trained = training_loss_name(one.experiment.config for one in drawn)
    asked = (
        ("train_loss", "Training loss", capitalised(trained), losses),
        ("validation_loss", "Validation loss", capitalised(LOSS_NAMES["bce"]), losses),
        ("validation_iou", "Validation IoU", "Mean over images", scores),
        ("validation_dice", "Validation Dice", "Mean over images", scores),
    )
    return [
        LineChart(
            key=field.replace("_", "-"),
            title=title,
            x_label="Epoch",
            y_label=y_label,
            x=epochs,
            y=y,
            lines=tuple(_line(one, field) for one in drawn),
        )
        for field, title, y_label, y in asked
    ]


def _y_axis(low: float, high: float) -> Axis:
    return value_axis(low, high, start=BOTTOM, end=TOP)


def _line(series: Series, field: str) -> Line:
    seeds = [epoch_values(outcome.epochs, field) for outcome in series.experiment.leading if outcome.epochs]
    means = mean_values(seeds)
    epochs = [list(means)[place] for place in thin(len(means))]
    several = len(seeds) > 1
    return Line(
        series=series,
        x=tuple(map(float, epochs)),
        y=tuple(finite(means[epoch]) for epoch in epochs),
        low=_edge(seeds, epochs, lowest=True) if several else (),
        high=_edge(seeds, epochs, lowest=False) if several else (),
    )


def _edge(seeds: Sequence[dict[int, float]], epochs: Sequence[int], *, lowest: bool) -> Values:
    """The lowest or highest seed of each epoch; a gap where the mean has one."""
    edge: list[float | None] = []
    for epoch in epochs:
        values = [points[epoch] for points in seeds if epoch in points]
        sound = all(map(math.isfinite, values))
        edge.append((min(values) if lowest else max(values)) if sound else None)
    return tuple(edge)
