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
from isicbench.report.labels import losses_label
from isicbench.report.palette import TRAIN_LINE, VALIDATION_LINE, LineStyle, line_style
from isicbench.report.style import COLUMN_INCHES, SCREEN, Sheet, new_figure, picture, report_style

PANELS_A_FIGURE = 9
PANELS_A_COLUMN = 3
LINES_A_FIGURE = 14
_COLUMNS = 3


def loss_curves(experiments: Sequence[Experiment], sheet: Sheet = SCREEN) -> list[bytes]:
    """Pictures with a panel an experiment: train and validation loss over epochs, on one scale; none without epochs."""
    drawn = with_epochs(experiments)
    most = PANELS_A_COLUMN if sheet.is_column else PANELS_A_FIGURE
    with report_style(sheet):
        return [
            _loss_figure(drawn[start : start + most], limits=loss_limits(drawn), sheet=sheet)
            for start in range(0, len(drawn), most)
        ]


def score_curves(experiments: Sequence[Experiment], sheet: Sheet = SCREEN) -> list[bytes]:
    """Pictures with validation IoU beside validation Dice over epochs, a line an experiment; none without epochs."""
    drawn = with_epochs(experiments)
    with report_style(sheet):
        return [
            _score_figure(drawn[start : start + LINES_A_FIGURE], sheet)
            for start in range(0, len(drawn), LINES_A_FIGURE)
        ]


def _loss_figure(experiments: Sequence[Experiment], *, limits: tuple[float, float], sheet: Sheet) -> bytes:
    columns = 1 if sheet.is_column else min(_COLUMNS, len(experiments))
    rows = math.ceil(len(experiments) / columns)
    figure = (
        new_figure(COLUMN_INCHES, 2.1 * rows) if sheet.is_column else new_figure(max(5.6, 4.3 * columns), 3.3 * rows)
    )
    panels = [figure.add_subplot(rows, columns, place + 1) for place in range(len(experiments))]
    for axes, experiment in zip(panels, experiments, strict=True):
        _draw_line(axes, experiment, "train_loss", TRAIN_LINE)
        _draw_line(axes, experiment, "validation_loss", VALIDATION_LINE)
        axes.set_title(_title(experiment))
        axes.set_ylabel(losses_label(experiment.config))
        axes.set_ylim(*limits)
        _mark_epochs(axes, [experiment])
    panels[0].legend(handles=[_key("Train", TRAIN_LINE), _key("Validation", VALIDATION_LINE)])
    return picture(figure, sheet)


def _score_figure(experiments: Sequence[Experiment], sheet: Sheet) -> bytes:
    figure = two_panels(sheet, height=3.5, lines=len(experiments))
    for place, (field, name) in enumerate((("validation_iou", "IoU"), ("validation_dice", "Dice"))):
        axes = add_panel(figure, place, sheet)
        for index, experiment in enumerate(experiments):
            _draw_line(axes, experiment, field, line_style(index))
        axes.set_title(f"Validation {name}")
        axes.set_ylabel(f"{name} (mean over images)")
        axes.set_ylim(-0.02, 1.0)
        _mark_epochs(axes, experiments)
    legend_beneath(figure, experiments, sheet)
    return picture(figure, sheet)


def two_panels(sheet: Sheet, *, height: float, lines: int) -> Figure:
    """A figure for two panels, beside each other or, in a column, beneath, with room for a legend of so many lines."""
    if sheet.is_column:
        return new_figure(COLUMN_INCHES, 4.1 + 0.15 * lines)
    return new_figure(8.6, height + 0.19 * math.ceil(lines / 2))


def add_panel(figure: Figure, place: int, sheet: Sheet) -> Axes:
    """The first or second of two panels."""
    return figure.add_subplot(2, 1, place + 1) if sheet.is_column else figure.add_subplot(1, 2, place + 1)


def legend_beneath(figure: Figure, experiments: Sequence[Experiment], sheet: Sheet = SCREEN) -> None:
    """The experiments' lines, in the order of their styles, under all panels."""
    handles = [_key(_title(experiment, width=56), line_style(index)) for index, experiment in enumerate(experiments)]
    figure.legend(handles=handles, loc="outside lower center", ncols=1 if sheet.is_column else min(2, len(handles)))


def draw_seed(axes: Axes, epochs: Sequence[float], values: Sequence[float], style: LineStyle) -> None:
    """One of several seeds, behind their mean."""
    axes.plot(epochs, values, color=style.colour, alpha=0.35, linewidth=0.8)


def draw_means(axes: Axes, epochs: Sequence[float], values: Sequence[float], style: LineStyle) -> None:
    """An experiment's line, with about a dozen markers."""
    axes.plot(
        epochs,
        values,
        color=style.colour,
        linestyle=style.dash,
        marker=style.marker,
        markevery=max(1, len(epochs) // 12),
        markeredgecolor="white",
        markeredgewidth=0.6,
    )


def _draw_line(axes: Axes, experiment: Experiment, field: str, style: LineStyle) -> None:
    """The mean over seeds as a line with markers, each seed as a thin line behind it."""
    series = [epoch_values(outcome.epochs, field) for outcome in experiment.leading if outcome.epochs]
    if len(series) > 1:
        for points in series:
            draw_seed(axes, list(points), list(points.values()), style)
    means = mean_values(series)
    draw_means(axes, list(means), list(means.values()), style)


def _mark_epochs(axes: Axes, experiments: Sequence[Experiment]) -> None:
    epochs = max(experiment.config.epochs for experiment in experiments)
    axes.set_xlabel("Epoch")
    axes.set_xlim(0.5, epochs + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=10, integer=True, min_n_ticks=1))


def _title(experiment: Experiment, *, width: int = 42) -> str:
    """The experiment's label, its seeds where there are several, how its unfinished runs stand, and a warning."""
    states = drawn_states(experiment)
    label = wrapped_label(experiment.label, width=width)
    return "\n".join([label, *textwrap.wrap(f"[{', '.join(states)}]", width)]) if states else label


def wrapped_label(label: str, *, width: int = 56) -> str:
    """An experiment's label in lines of so many characters."""
    return "\n".join(textwrap.wrap(label, width))


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
