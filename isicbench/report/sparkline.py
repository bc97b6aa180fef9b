"""A series of numbers as a line of blocks, one character or more an epoch."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from statistics import fmean

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text

BLOCKS = "▁▂▃▄▅▆▇█"
ASCII_BLOCKS = "_.-=+*%#"
NOT_FINITE = "!"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sparkline:
    """For a Rich table: as wide as its column allows, in letters where the terminal's encoding has no blocks."""

    values: Sequence[float]
    low: float
    high: float

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        blocks = ASCII_BLOCKS if options.ascii_only else BLOCKS
        yield Text(sparkline(self.values, width=options.max_width, low=self.low, high=self.high, blocks=blocks))

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(1, max(1, min(len(self.values), options.max_width)))


def sparkline(values: Sequence[float], *, width: int, low: float, high: float, blocks: str = BLOCKS) -> str:
    """One character a value, or a mean of neighbours where there are more than `width`; `!` is not finite.

    `low` is drawn as the lowest block and `high` as the highest; where they are equal, all is drawn low.
    """
    return "".join(_block(value, low, high, blocks) for value in _folded(values, width))


def _folded(values: Sequence[float], width: int) -> list[float]:
    """At most `width` values, each the mean of its share."""
    if len(values) <= width:
        return list(values)
    ends = [place * len(values) // width for place in range(width + 1)]
    return [fmean(values[start:end]) for start, end in pairwise(ends)]


def _block(value: float, low: float, high: float, blocks: str) -> str:
    if not isfinite(value):
        return NOT_FINITE
    share = (value - low) / (high - low) if high > low else 0.0
    return blocks[min(len(blocks) - 1, max(0, int(share * len(blocks))))]
