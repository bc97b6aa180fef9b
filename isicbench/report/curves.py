"""Curves over epochs: losses of each experiment, and the validation scores of all of them together."""

import math
import textwrap
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from isicbench.report.epoch_series import drawn_states, epoch_values, loss_limits, mean_values, with_epochs
from isicbench.report.experiments import Experiment
from isicbench.report.palette import TRAIN_LINE, VALIDATION_LINE, LineStyle, line_style
from isicbench.report.style import new_figure, png, report_style

PANELS_A_FIGURE = 9
LINES_A_FIGURE = 14
_COLUMNS = 3


def loss_curves(experiments: Sequence[Experiment]) -> list[bytes]:
    """PNGs with a panel an experiment: train and validation loss over epochs, on one scale; none without epochs."""
    drawn = with_epochs(experiments)
    with report_style():
        return [
            _loss_figure(drawn[start : start + PANELS_A_FIGURE], limits=loss_limits(drawn))
            for start in range(0, len(drawn), PANELS_A_FIGURE)
        ]


def score_curves(experiments: Sequence[Experiment]) -> list[bytes]:
    """PNGs with validation IoU beside validation Dice over epochs, a line an experiment; none without epochs."""
    drawn = with_epochs(experiments)
    with report_style():
        return [_score_figure(drawn[start : start + LINES_A_FIGURE]) for start in range(0, len(drawn), LINES_A_FIGURE)]


def _loss_figure(experiments: Sequence[Experiment], *, limits: tuple[float, float]) -> bytes:
    columns = min(_COLUMNS, len(experiments))
    rows = math.ceil(len(experiments) / columns)
    figure = new_figure(max(5.6, 4.3 * columns), 3.3 * rows)
    panels = [figure.add_subplot(rows, columns, place + 1) for place in range(len(experiments))]
    for axes, experiment in zip(panels, experiments, strict=True):
        _draw_line(axes, experiment, "train_loss", TRAIN_LINE)
        _draw_line(axes, experiment, "validation_loss", VALIDATION_LINE)
        axes.set_title(_title(experiment))
        axes.set_ylabel("Loss (binary cross-entropy)")
        axes.set_ylim(*limits)
        _mark_epochs(axes, [experiment])
    panels[0].legend(handles=[_key("Train", TRAIN_LINE), _key("Validation", VALIDATION_LINE)])
    return png(figure)


def _score_figure(experiments: Sequence[Experiment]) -> bytes:
    figure = new_figure(8.6, 3.5 + 0.19 * math.ceil(len(experiments) / 2))
    for place, (field, name) in enumerate((("validation_iou", "IoU"), ("validation_dice", "Dice"))):
        axes = figure.add_subplot(1, 2, place + 1)
        for index, experiment in enumerate(experiments):
            _draw_line(axes, experiment, field, line_style(index))
        axes.set_title(f"Validation {name}")
        axes.set_ylabel(f"{name} (mean over images)")
        axes.set_ylim(-0.02, 1.0)
        _mark_epochs(axes, experiments)
    legend_beneath(figure, experiments)
    return png(figure)


def legend_beneath(figure: Figure, experiments: Sequence[Experiment]) -> None:
    """The experiments' lines, in the order of their styles, under all panels."""
    handles = [_key(_title(experiment, width=56), line_style(index)) for index, experiment in enumerate(experiments)]
    figure.legend(handles=handles, loc="outside lower center", ncols=min(2, len(handles)))


def _draw_line(axes: Axes, experiment: Experiment, field: str, style: LineStyle) -> None:
    """The mean over seeds as a line with markers, each seed as a thin line behind it."""
    series = [epoch_values(outcome.epochs, field) for outcome in experiment.leading if outcome.epochs]
    if len(series) > 1:
        for points in series:
            axes.plot(list(points), list(points.values()), color=style.colour, alpha=0.35, linewidth=0.8)
    means = mean_values(series)
    axes.plot(
        list(means),
        list(means.values()),
        color=style.colour,
        linestyle=style.dash,
        marker=style.marker,
        markevery=max(1, len(means) // 12),
        markeredgecolor="white",
        markeredgewidth=0.6,
    )


def _mark_epochs(axes: Axes, experiments: Sequence[Experiment]) -> None:
    epochs = max(experiment.config.epochs for experiment in experiments)
    axes.set_xlabel("Epoch")
    axes.set_xlim(0.5, epochs + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=10, integer=True, min_n_ticks=1))


def _title(experiment: Experiment, *, width: int = 42) -> str:
    """The experiment's label, its seeds where there are several, how its unfinished runs stand, and a warning."""
    states = drawn_states(experiment)
    lines = textwrap.wrap(experiment.label, width)
    return "\n".join([*lines, *textwrap.wrap(f"[{', '.join(states)}]", width)] if states else lines)


def _key(label: str, style: LineStyle) -> Line2D:
    return Line2D(
        [],
        [],
        label=label,
        color=style.colour,
        linestyle=style.dash,
        marker=style.marker,
        markeredgecolor="white",
        markeredgewidth=0.6,
    )
