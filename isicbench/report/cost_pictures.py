"""Score against cost: a point an experiment, and the front of those that no other beats in both."""

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, Locator, LogLocator, MaxNLocator

from isicbench.report.cost_table import MEASURES, CostLine, CostPoint, cost_points
from isicbench.report.curves import wrapped_label
from isicbench.report.data_table import Column
from isicbench.report.palette import GREY, line_style
from isicbench.report.style import COLUMN_INCHES, SCREEN, Sheet, new_figure, picture, report_style

POINTS_A_FIGURE = 28
"""So many styles differ."""


def cost_pictures(lines: Sequence[CostLine], sheet: Sheet = SCREEN) -> list[bytes]:
    """A picture with a panel a measure that is known of all; of many experiments those on a front come first."""
    panels = [(measure, points) for measure in MEASURES if (points := cost_points(lines, measure))]
    if not panels:
        return []
    drawn = _drawn(panels)
    labels = {line.place: wrapped_label(line.label) for line in lines if line.place in drawn}
    with report_style(sheet):
        figure = _figure(sheet, panels=len(panels), labels=list(labels.values()))
        for number, (measure, points) in enumerate(panels):
            rows, columns = (len(panels), 1) if sheet.is_column else (1, len(panels))
            axes = figure.add_subplot(rows, columns, number + 1)
            _draw(axes, measure, points, drawn)
            if sheet.is_column or number == 0:
                axes.set_ylabel("Dice (mean over images)")
        handles = [_key(label, drawn[place]) for place, label in labels.items()]
        handles.append(Line2D([], [], label="Pareto front (filled: on it)", color=GREY, linewidth=1.0))
        figure.legend(handles=handles, loc="outside lower center", ncols=1 if sheet.is_column else 2)
        return [picture(figure, sheet)]


def _drawn(panels: Sequence[tuple[Column, Sequence[CostPoint]]]) -> dict[int, int]:
    """The number of each experiment's style by its place."""
    points = [point for _, found in panels for point in found]
    first = sorted(points, key=lambda point: (not point.on_front, -point.line.dice))
    chosen = sorted(list(dict.fromkeys(point.line.place for point in first))[:POINTS_A_FIGURE])
    return {place: number for number, place in enumerate(chosen)}


def _figure(sheet: Sheet, *, panels: int, labels: Sequence[str]) -> Figure:
    """With room for a legend of so many labels, some of which have several lines."""
    lines = 1 + sum(label.count("\n") + 1 for label in labels)
    if sheet.is_column:
        return new_figure(COLUMN_INCHES, 2.0 * panels + 0.17 * lines)
    return new_figure(max(5.6, 3.4 * panels), 3.3 + 0.19 * math.ceil(lines / 2))


def _draw(axes: Axes, measure: Column, points: Sequence[CostPoint], drawn: dict[int, int]) -> None:
    front = sorted((point.cost, point.line.dice) for point in points if point.on_front)
    axes.plot(*zip(*front, strict=True), color=GREY, linewidth=1.0, drawstyle="steps-post", zorder=1)
    for point in points:
        if point.line.place not in drawn:
            continue
        style = line_style(drawn[point.line.place])
        axes.plot(
            [point.cost],
            [point.line.dice],
            linestyle="",
            marker=style.marker,
            markersize=7 if point.on_front else 5,
            markerfacecolor=style.colour if point.on_front else "white",
            markeredgecolor=style.colour,
            markeredgewidth=1.2,
        )
    axes.set_title(f"Dice by {measure.heading.split(',')[0]}")
    axes.set_xlabel(measure.read_heading)
    axes.set_ylim(-0.04, 1.0)
    axes.set_xscale("log")
    axes.minorticks_off()
    axes.xaxis.set_major_locator(_locator([point.cost for point in points]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _locator(costs: Sequence[float]) -> Locator:
    """1, 2 and 5 times the powers of ten; equal steps where all lie within one."""
    if max(costs) < 10 * min(costs):
        return MaxNLocator(nbins=6)
    return LogLocator(subs=(1.0, 2.0, 5.0), numticks=9)


def _key(label: str, number: int) -> Line2D:
    style = line_style(number)
    return Line2D([], [], label=label, linestyle="", marker=style.marker, color=style.colour)
