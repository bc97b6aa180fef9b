"""Lines over epochs in a terminal, told apart by their names at the right and by dashes: no colour is needed.

Drawn in braille, whose characters hold 2 x 4 dots, or in letters where the terminal's encoding has none. Written here
because the library for it, plotext, keeps one global figure, has no types, and brings a compiled part.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from isicbench.report.wording import figure

DASH_DOTS = 3
LEAST_COLUMNS = 10
BRAILLE_BITS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""By column and row of a dot within its character (Unicode 16, chapter 21.1)."""

Dots = set[tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    name: str
    values: Sequence[float]
    """One an epoch; one that is not finite is a gap."""
    dashed: bool = False

    @property
    def last(self) -> float:
        """The last finite value; NaN without any."""
        return next((value for value in reversed(self.values) if isfinite(value)), float("nan"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Lines on one scale from `low` to `high`, over the epochs `first` and so on; as wide as the terminal."""

    lines: Sequence[Line]
    first: int
    low: float
    high: float
    rows: int = 7

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text("\n".join(plot_lines(self, width=options.max_width, braille=not options.ascii_only)), no_wrap=True)


def plot_lines(plot: Plot, *, width: int, braille: bool = True) -> list[str]:
    """The plot as text: the scale's ends at the left, each line's name and last value at the right, epochs below."""
    ends = {0: figure(plot.high), plot.rows - 1: figure(plot.low)}
    names = _names(plot)
    left, right = max(map(len, ends.values())), max(map(len, names.values()), default=0)
    columns = max(LEAST_COLUMNS, width - left - right - 3)
    cells = _braille(plot, columns) if braille else _letters(plot, columns)
    body = [
        f"{ends.get(row, ''):>{left}} {'│' if braille else '|'}{text} {names.get(row, '')}".rstrip()
        for row, text in enumerate(cells)
    ]
    return [*body, " " * (left + 2) + _epochs(plot, columns)]


def _names(plot: Plot) -> dict[int, str]:
    """By row: where a line ends, or beneath the name of the one above it."""
    named = sorted((line for line in plot.lines if isfinite(line.last)), key=lambda line: -line.last)
    places: dict[int, str] = {}
    for place, line in enumerate(named):
        row = max(_row(plot, line.last, plot.rows), max(places, default=-1) + 1)
        row = min(row, plot.rows - (len(named) - place))
        end = "" if isfinite(line.values[-1]) else f", then {figure(line.values[-1])}"
        places[row] = f"{line.name} {figure(line.last)}{end}"
    return places


def _epochs(plot: Plot, columns: int) -> str:
    count = max(len(line.values) for line in plot.lines)
    first, last = f"epoch {plot.first}", str(plot.first + count - 1)
    return first if count == 1 else first + last.rjust(columns - len(first))


def _braille(plot: Plot, columns: int) -> list[str]:
    bits = [[0] * columns for _ in range(plot.rows)]
    for line in plot.lines:
        for x, y in _dots(plot, line, columns=2 * columns, rows=4 * plot.rows):
            bits[y // 4][x // 2] |= BRAILLE_BITS[x % 2][y % 4]
    return ["".join(chr(0x2800 + cell) if cell else " " for cell in row) for row in bits]


def _letters(plot: Plot, columns: int) -> list[str]:
    cells = [[" "] * columns for _ in range(plot.rows)]
    for line in plot.lines:
        for x, y in _dots(plot, line, columns=columns, rows=plot.rows):
            cells[y][x] = "o" if line.dashed else "*"
    return ["".join(row) for row in cells]


def _dots(plot: Plot, line: Line, *, columns: int, rows: int) -> Dots:
    steps = max(1, max(len(one.values) for one in plot.lines) - 1)
    points = [
        (round(place * (columns - 1) / steps), _row(plot, value, rows)) if isfinite(value) else None
        for place, value in enumerate(line.values)
    ]
    found: Dots = set()
    for place, point in enumerate(points):
        if point is None:
            continue
        before = points[place - 1] if place else None
        found |= set(_between(before, point, dashed=line.dashed) if before else [point])
    return found


def _between(start: tuple[int, int], end: tuple[int, int], *, dashed: bool) -> Iterator[tuple[int, int]]:
    (x0, y0), (x1, y1) = start, end
    steps = max(abs(x1 - x0), abs(y1 - y0), 1)
    for step in range(steps + 1):
        x, y = round(x0 + (x1 - x0) * step / steps), round(y0 + (y1 - y0) * step / steps)
        if not dashed or x // DASH_DOTS % 2 == 0 or step == steps:
            yield x, y


def _row(plot: Plot, value: float, rows: int) -> int:
    """From 0 at the top to `rows - 1`."""
    share = (plot.high - value) / (plot.high - plot.low)
    return min(rows - 1, max(0, round(share * (rows - 1))))
