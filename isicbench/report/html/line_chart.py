"""Line charts: what they hold, how it lies in the drawing, and the values that the page shows under the pointer."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from isicbench.report.html.axes import Axis, coordinate
from isicbench.report.html.series import Series

WIDTH, HEIGHT = 440, 280
LEFT, RIGHT, TOP, BOTTOM = 48, 428, 12, 232
"""The plot within the drawing."""
MOST_POINTS = 200
"""Of a line; of longer ones as many are drawn, evenly spaced, the last among them."""
MOST_MARKERS = 12

Values = tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One experiment's values, a gap where there is none; `low` and `high` over its seeds, empty for a single one."""

    series: Series
    x: tuple[float, ...]
    y: Values
    low: Values = ()
    high: Values = ()
    ring: tuple[float, float] | None = None
    """A point that stands out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChart:
    key: str
    title: str
    x_label: str
    y_label: str
    x: Axis
    y: Axis
    lines: tuple[Line, ...]
    diagonal: bool = False
    """A grey line from corner to corner, where x and y would be equal."""
    markers: bool = True

    @property
    def drawn(self) -> "list[DrawnLine]":
        return [DrawnLine(chart=self, line=line) for line in self.lines]

    @property
    def description(self) -> str:
        """For those who do not see it."""
        ends = [f"{line.series.label}: {_range(line)}" for line in self.lines]
        return f"{self.title}, {self.y_label} by {self.x_label.lower()}. {'; '.join(ends)}."

    @property
    def data(self) -> dict[str, Any]:
        """What the page needs to show values: numbers only, and the lines' names."""
        return {
            "word": self.x_label,
            "x": [self.x.low, self.x.high],
            "ends": [self.x.start, self.x.end],
            "top": TOP,
            "lines": [_line_data(line) for line in self.lines],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnLine:
    chart: LineChart
    line: Line

    @property
    def series(self) -> Series:
        return self.line.series

    @property
    def path(self) -> str:
        return " ".join(f"M{' '.join(points)}" for points in self._pieces(self.line.y))

    @property
    def band(self) -> str:
        """Around the line, from the lowest seed to the highest; empty for a single seed."""
        edges = zip(self._pieces(self.line.low), self._pieces(self.line.high), strict=True)
        return " ".join(f"M{' '.join(low)} {' '.join(reversed(high))}Z" for low, high in edges)

    @property
    def markers(self) -> list[tuple[str, str]]:
        found = [point for point in zip(self.line.x, self.line.y, strict=True) if point[1] is not None]
        if not self.chart.markers:
            return []
        return [self._place(x, y) for x, y in found[:: max(1, math.ceil(len(found) / MOST_MARKERS))] if y is not None]

    @property
    def ring(self) -> tuple[str, str] | None:
        return self._place(*self.line.ring) if self.line.ring else None

    def _place(self, x: float, y: float) -> tuple[str, str]:
        return coordinate(self.chart.x.place(x)), coordinate(self.chart.y.place(y))

    def _pieces(self, values: Values) -> list[list[str]]:
        """Stretches without a gap."""
        pieces: list[list[str]] = [[]]
        for x, y in zip(self.line.x, values, strict=False):
            if y is None:
                pieces.append([])
            else:
                pieces[-1].append(",".join(self._place(x, y)))
        return [piece for piece in pieces if piece]


def thin(count: int, *, most: int = MOST_POINTS) -> list[int]:
    """Places of at most `most` out of `count` values, evenly spaced, the first and the last among them."""
    if count <= most:
        return list(range(count))
    return sorted({round(number * (count - 1) / (most - 1)) for number in range(most)})


def _line_data(line: Line) -> dict[str, Any]:
    data: dict[str, Any] = {
        "series": line.series.place,
        "label": line.series.label,
        "x": [round(x, 4) for x in line.x],
        "y": _rounded(line.y),
    }
    if line.low:
        data |= {"low": _rounded(line.low), "high": _rounded(line.high)}
    return data


def _rounded(values: Values) -> list[float | None]:
    return [None if value is None else round(value, 4) for value in values]


def _range(line: Line) -> str:
    found: Sequence[float] = [y for y in line.y if y is not None]
    return f"from {found[0]:.3f} to {found[-1]:.3f}" if found else "no values"
