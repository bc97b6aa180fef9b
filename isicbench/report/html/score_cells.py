"""The rows of the page's score tables, as text."""

from dataclasses import dataclass
from typing import Self

from isicbench.report.scores import MACRO, MICRO, ScoreRow
from isicbench.report.wording import MISSING


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreCells:
    row: ScoreRow
    seed: str
    macro: tuple[str, ...]
    micro: tuple[str, ...]

    @classmethod
    def of(cls, row: ScoreRow) -> Self:
        return cls(
            row=row,
            seed=MISSING if row.seed is None else str(row.seed),
            macro=tuple(score.column.text(score.of(row.evaluation)) for score in MACRO),
            micro=tuple(score.column.text(score.of(row.evaluation)) for score in MICRO),
        )
