"""Dice against what the networks cost, a point an experiment, with the front of those that no other beats in both."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from isicbench.report.cost_table import MEASURES, CostLine, CostPoint, cost_points
from isicbench.report.data_table import Column
from isicbench.report.html.axes import Axis, LogAxis, coordinate, value_axis
from isicbench.report.html.line_chart import BOTTOM, LEFT, RIGHT, TOP
from isicbench.report.html.series import Series
from isicbench.report.wording import figure


@dataclass(frozen=True, slots=True, kw_only=True)
class CostDot:
    x: str
    y: str
    series: Series | None
    """None for an experiment that no chart draws."""
    on_front: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CostChart:
    key: str
    title: str
    x_label: str
    x: LogAxis
    y: Axis
    dots: tuple[CostDot, ...]
    front: str
    """A path by steps: what is to be had for so much."""

    @property
    def description(self) -> str:
        """For those who do not see it."""
        return f"{self.title}. On the front: {'; '.join(dot.text for dot in self.dots if dot.on_front)}."


def cost_charts(lines: Sequence[CostLine], series: Mapping[str, Series], *, shown: Collection[int]) -> list[CostChart]:
    """One a measure that is known of every experiment, with the dots of those at the places `shown`."""
    found = [(measure, cost_points(lines, measure)) for measure in MEASURES]
    return [_chart(measure, points, series, shown) for measure, points in found if points]


def _chart(
    measure: Column, points: Sequence[CostPoint], series: Mapping[str, Series], shown: Collection[int]
) -> CostChart:
    x = LogAxis.around([point.cost for point in points], start=LEFT, end=RIGHT)
    y = value_axis(0.0, 1.0, start=BOTTOM, end=TOP)
    return CostChart(
        key=f"cost-{measure.key}",
        title=f"Dice by {measure.heading.split(',')[0]}",
        x_label=measure.read_heading,
        x=x,
        y=y,
        dots=tuple(
            _dot(measure, point, x, y, series.get(point.line.label)) for point in points if point.line.place in shown
        ),
        front=_front([point for point in points if point.on_front], x, y),
    )


def _dot(measure: Column, point: CostPoint, x: LogAxis, y: Axis, series: Series | None) -> CostDot:
    cost = f"{measure.number(point.cost)} {measure.unit or measure.heading}"
    return CostDot(
        x=coordinate(x.place(point.cost)),
        y=coordinate(y.place(point.line.dice)),
        series=series,
        on_front=point.on_front,
        text=f"{point.line.label}: {cost}, Dice {figure(point.line.dice)}",
    )


def _front(points: Sequence[CostPoint], x: LogAxis, y: Axis) -> str:
    places = sorted((x.place(point.cost), y.place(point.line.dice)) for point in points)
    first, *rest = [(coordinate(across), coordinate(down)) for across, down in places]
    return f"M{first[0]},{first[1]}" + "".join(f"H{across}V{down}" for across, down in rest)
