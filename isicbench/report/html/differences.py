"""Pairs of experiments: the difference and its interval as a drawing, with the figures beside it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from isicbench.evaluation.comparison import Comparison, Verdict
from isicbench.report.comparison import ComparisonContents
from isicbench.report.comparison_tables import pair_cells
from isicbench.report.html.axes import Axis, coordinate, value_axis
from isicbench.report.html.series import Series
from isicbench.report.wording import MISSING

WIDTH, INSET = 240, 8
CHIPS = {Verdict.BETTER: "better", Verdict.WORSE: "worse", Verdict.NO_DIFFERENCE_SHOWN: "unshown"}
"""How the verdicts are styled."""
HEADINGS = ("Difference", "95% interval", "p", "p, Holm", "d_z", "Better on", "Would show")


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceRow:
    a: str
    b: str
    series: tuple[Series | None, Series | None]
    verdict: str
    chip: str
    cells: tuple[str, ...]
    values: tuple[float | None, ...]
    """What each cell is sorted by."""
    low: str
    """Places in the drawing; empty where there is no interval."""
    high: str
    middle: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """All pairs on one scale around zero."""

    rows: tuple[DifferenceRow, ...]
    axis: Axis

    @property
    def zero(self) -> str:
        return coordinate(self.axis.place(0.0))


def difference_rows(contents: ComparisonContents, series: Mapping[str, Series]) -> Differences:
    """One row a pair, A minus B, in the comparison's order."""
    ends = [abs(end) for line in contents.pairs if line.comparison for end in _ends(line.comparison)]
    widest = max(ends, default=0.0) * 1.08 or 1.0
    axis = value_axis(-widest, widest, start=INSET, end=WIDTH - INSET)
    rows = []
    for line in contents.pairs:
        a, b = contents.means[line.a].label, contents.means[line.b].label
        made = line.comparison
        low, high, middle = _places(made, axis)
        rows.append(
            DifferenceRow(
                a=a,
                b=b,
                series=(series.get(a), series.get(b)),
                verdict=made.verdict.value if made else "not compared",
                chip=CHIPS[made.verdict] if made else "unshown",
                cells=tuple(pair_cells(made, contents.scale) if made else [MISSING] * len(HEADINGS)),
                values=_values(made) if made else (None,) * len(HEADINGS),
                low=low,
                high=high,
                middle=middle,
                sentence=line.sentence,
            )
        )
    return Differences(rows=tuple(rows), axis=axis)


def _ends(made: Comparison) -> list[float]:
    ends = (made.interval.low, made.interval.high) if made.interval else (made.difference,)
    return [end for end in ends if math.isfinite(end)]


def _places(made: Comparison | None, axis: Axis) -> tuple[str, str, str]:
    if made is None or not math.isfinite(made.difference):
        return "", "", ""
    middle = coordinate(axis.place(made.difference))
    if made.interval is None:
        return "", "", middle
    return coordinate(axis.place(made.interval.low)), coordinate(axis.place(made.interval.high)), middle


def _values(made: Comparison) -> tuple[float | None, ...]:
    low = made.interval.low if made.interval else math.nan
    found = (
        made.difference,
        low,
        made.p,
        made.holm_p,
        made.effect_size,
        made.share_better,
        made.smallest_difference,
    )
    return tuple(value if math.isfinite(value) else None for value in found)
