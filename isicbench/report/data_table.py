"""A table before it is rendered: columns that know their key, heading, unit and digits, and cells that are values.

Every format renders these, so that a number is the same in all of them.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev
from typing import Literal

from isicbench.choices import unknown
from isicbench.records import RunRecord
from isicbench.report.wording import MISSING, figure

Better = Literal["higher", "lower", "neither"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Mean over `n` seeds with the sample standard deviation, which one seed does not have."""

    mean: float
    sd: float | None
    n: int

    def __str__(self) -> str:
        return figure(self.mean) if self.sd is None else f"{figure(self.mean)} ± {figure(self.sd)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """From `low` to `high`: a 95% interval."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A mean with its 95% interval, which a single image does not have, and what to know before reading it."""

    mean: float
    interval: Range | None
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    """An experiment's label, and what to know before reading its figures: `collapsed`, `1 of 3 failed`, or empty."""

    label: str
    mark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What became of a run."""

    run: RunRecord
    collapsed: bool

    def __str__(self) -> str:
        retry = f"retry of {self.run.retry_of}" if self.run.retry_of else ""
        return ", ".join(filter(None, (self.run.status.value, "collapsed" if self.collapsed else "", retry)))


@dataclass(frozen=True, slots=True)
class OutOf:
    """So many of those that were asked for."""

    done: int
    asked: int

    def __str__(self) -> str:
        return f"{self.done} of {self.asked}"


Cell = str | int | float | Summary | Range | Measured | Named | Standing | OutOf | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    key: str
    heading: str
    unit: str = ""
    print_unit: str = ""
    """A unit that the headings of a paper name, and those of a screen need not."""
    decimals: int | None = None
    """Digits after the point; None for text and whole numbers."""
    is_score: bool = False
    """Whether `--precision` bears on it."""
    is_probability: bool = False
    """Whether a value too small for the digits is said to lie below their last: `<0.001`."""
    with_unit: Callable[[float], str] | None = None
    """A figure with its unit, as people read it: `4 min 05 s`; formats for further use write the bare number."""
    narrow: str = ""
    """The heading on a terminal, on several lines."""
    is_text: bool = False
    better: Better = "neither"

    @property
    def read_heading(self) -> str:
        """For formats that people read: with the unit, where the cells do not carry it."""
        return f"{self.heading} ({self.unit})" if self.unit and not self.with_unit else self.heading

    def heading_lines(self, *, bare: bool) -> list[str]:
        """The narrow heading, or the usual one; with the unit where the cells are bare numbers, or have none."""
        lines = (self.narrow or self.heading).split("\n")
        unit = (self.unit or self.print_unit) if bare else "" if self.with_unit else self.unit
        if not unit:
            return lines
        if self.narrow and len(lines) == 1:
            return [*lines, f"({unit})"]
        return [*lines[:-1], f"{lines[-1]} ({unit})"]

    def number(self, value: float) -> str:
        """A bare number; `NaN` or `inf` where it is not finite, and no minus before a zero."""
        if not math.isfinite(value):
            return "NaN" if math.isnan(value) else str(value)
        if self.decimals is None:
            return f"{value:g}"
        if self.is_probability and value < 10**-self.decimals:
            return f"<{10**-self.decimals:.{self.decimals}f}"
        return f"{round(value, self.decimals) + 0.0:.{self.decimals}f}"

    def text(self, cell: Cell) -> str:
        """The cell as people read it, without its mark."""
        if isinstance(cell, float) and self.with_unit:
            return self.with_unit(cell)
        return self.bare(cell)

    def bare(self, cell: Cell) -> str:
        """The cell without any unit."""
        match cell:
            case None:
                return MISSING
            case Summary():
                mean = self.number(cell.mean)
                return mean if cell.sd is None else f"{mean} ± {self.number(cell.sd)}"
            case Range():
                return f"{self.number(cell.low)} to {self.number(cell.high)}"
            case Measured():
                interval = f" ({self.bare(cell.interval)})" if cell.interval else ""
                return f"{self.number(cell.mean)}{interval}" + (f" [{cell.mark}]" if cell.mark else "")
            case Named():
                return cell.label
            case float():
                return self.number(cell)
        return str(cell)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    key: str
    descending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DataTable:
    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""
    """What the figures are."""

    @property
    def text_places(self) -> list[int]:
        """Columns of text, from 0."""
        return [place for place, column in enumerate(self.columns) if column.is_text]

    @property
    def keys(self) -> list[str]:
        return [column.key for column in self.columns]

    def only(self, keys: Sequence[str], *, option: str = "--columns") -> "DataTable":
        """Those columns in that order; raises `ConfigError` for one that is not there."""
        known = self.keys
        for key in keys:
            if key not in known:
                raise unknown(option, key, known)
        places = [known.index(key) for key in keys]
        return replace(
            self,
            columns=tuple(self.columns[place] for place in places),
            rows=tuple(tuple(row[place] for place in places) for row in self.rows),
        )

    def sorted_by(self, sort: Sort) -> "DataTable":
        """Rows in order of one column, those without a value last; raises `ConfigError` for an unknown column."""
        if sort.key not in self.keys:
            raise unknown("--sort", sort.key, self.keys)
        place = self.keys.index(sort.key)
        with_value = [row for row in self.rows if _has_value(row[place])]
        without = [row for row in self.rows if not _has_value(row[place])]
        in_order = sorted(with_value, key=lambda row: _sort_value(row[place]), reverse=sort.descending)
        return replace(self, rows=(*in_order, *without))

    def rounded(self, decimals: int | None) -> "DataTable":
        """Scores and losses with so many digits after the point; as they are for None."""
        if decimals is None:
            return self
        columns = (replace(column, decimals=decimals) if column.is_score else column for column in self.columns)
        return replace(self, columns=tuple(columns))

    def first(self, rows: int) -> "DataTable":
        return replace(self, rows=self.rows[:rows])


def summarise(values: Iterable[float]) -> Summary | None:
    """Mean and sample standard deviation; None of nothing."""
    found = list(values)
    if not found:
        return None
    return Summary(mean=fmean(found), sd=stdev(found) if len(found) > 1 else None, n=len(found))


def finite(value: float | None) -> float | None:
    """None for what is not finite, so that it stands as missing."""
    return value if value is not None and math.isfinite(value) else None


def central(cell: Cell) -> float | None:
    """The number that a cell is about, where it is about one."""
    match cell:
        case Summary() | Measured():
            return cell.mean
        case Range():
            return (cell.low + cell.high) / 2
        case OutOf():
            return cell.done
        case int() | float():
            return finite(cell)
    return None


def _has_value(cell: Cell) -> bool:
    return cell is not None and not (isinstance(cell, float) and math.isnan(cell))


def _sort_value(cell: Cell) -> tuple[float, str]:
    """Within one column either all numbers or all texts."""
    number = central(cell)
    if number is not None:
        return number, ""
    return 0.0, (cell.label if isinstance(cell, Named) else str(cell)).casefold()
