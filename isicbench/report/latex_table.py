"""One table as a booktabs `tabular`, to be read into a paper by `\\input`."""

from collections.abc import Sequence, Set
from dataclasses import dataclass

from isicbench.evaluation.comparison import Verdict
from isicbench.report.comparison import ComparisonContents
from isicbench.report.data_table import (
    Cell,
    Column,
    DataTable,
    Measured,
    Named,
    OutOf,
    Range,
    Standing,
    Summary,
    central,
)
from isicbench.report.latex_text import escape_latex, number_in_latex
from isicbench.report.wording import MISSING

BEST_LINE = "Bold: the best value of its column."
TIE = r"$^{\dagger}$"
TIE_LINE = "\N{DAGGER}: no difference in Dice from the best one is shown (paired test, Holm's correction)."
_NEXT_LINE = r" \\ "
_TIED_TABLES = ("results", "intervals")


@dataclass(frozen=True, slots=True)
class Marks:
    """What stands out in a table, and must be explained beside it."""

    best: tuple[str, ...]
    """For each column how its best value is written; empty where there is none to choose from."""
    ties: frozenset[str]
    """Experiments whose Dice is not shown to differ from the best one's."""

    @property
    def lines(self) -> list[str]:
        return ([BEST_LINE] if any(self.best) else []) + ([TIE_LINE] if self.ties else [])


def marks_of(table: DataTable, ties: Set[str]) -> Marks:
    """`ties` as `dice_ties` finds them."""
    labels = {cell.label for row in table.rows for cell in row if isinstance(cell, Named)}
    shows_dice = table.name in _TIED_TABLES and "dice" in table.keys
    best = tuple(_best(table, place) for place in range(len(table.columns)))
    return Marks(best=best, ties=frozenset(labels & ties) if shows_dice else frozenset())


def latex_table(table: DataTable, marks: Marks) -> str:
    """A `tabular` with the best value of each column of scores in bold; needs the package booktabs."""
    spec = "".join("l" if column.is_text else "r" for column in table.columns)
    lines = [rf"\begin{{tabular}}{{@{{}}{spec}@{{}}}}", r"\toprule"]
    lines += [_line([_heading(column) for column in table.columns]), r"\midrule"]
    lines += [_line(_cells(table, row, marks)) for row in table.rows]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def dice_ties(dice: ComparisonContents | None) -> frozenset[str]:
    """Labels of the experiments from which the one with the highest mean Dice is not shown to differ."""
    means = dice.means if dice else ()
    scored = [place for place, line in enumerate(means) if line.image_count]
    if dice is None or len(scored) < 2:
        return frozenset()
    best = max(scored, key=lambda place: means[place].mean)
    return frozenset(
        means[pair.a if pair.b == best else pair.b].label
        for pair in dice.pairs
        if best in (pair.a, pair.b) and pair.comparison and pair.comparison.verdict is Verdict.NO_DIFFERENCE_SHOWN
    )


def _best(table: DataTable, place: int) -> str:
    """How the best value of a column is written; empty where there is none to choose from."""
    column = table.columns[place]
    found = [value for row in table.rows if (value := central(row[place])) is not None]
    if column.better == "neither" or len(found) < 2:
        return ""
    return column.number(max(found) if column.better == "higher" else min(found))


def _cells(table: DataTable, row: Sequence[Cell], marks: Marks) -> list[str]:
    tied = any(isinstance(cell, Named) and cell.label in marks.ties for cell in row)
    return [
        _cell(column, cell, best=best, tied=tied and column.key == "dice")
        for column, cell, best in zip(table.columns, row, marks.best, strict=True)
    ]


def _line(cells: list[str]) -> str:
    return " & ".join(cells) + _NEXT_LINE.rstrip()


def _heading(column: Column) -> str:
    """On two lines where it has a narrow form."""
    lines = [escape_latex(line) for line in column.heading_lines(bare=True)]
    if len(lines) == 1:
        return lines[0]
    side = "l" if column.is_text else "r"
    return rf"\begin{{tabular}}[b]{{@{{}}{side}@{{}}}}{_NEXT_LINE.join(lines)}\end{{tabular}}"


def _cell(column: Column, cell: Cell, *, best: str, tied: bool) -> str:
    match cell:
        case None:
            return number_in_latex(MISSING)
        case Named():
            mark = rf" \textbf{{{escape_latex(f'[{cell.mark}]')}}}" if cell.mark else ""
            return escape_latex(cell.label) + mark
        case str() | Standing() | OutOf():
            return escape_latex(str(cell))
        case Range():
            return _interval(column, cell)
        case Measured():
            interval = f" {_interval(column, cell.interval)}" if cell.interval else ""
            mark = rf" \textit{{{escape_latex(cell.mark)}}}" if cell.mark else ""
            return _bold(column, cell.mean, best) + interval + mark
        case Summary():
            spread = "" if cell.sd is None else rf" $\pm$ {_number(column, cell.sd)}"
            return _bold(column, cell.mean, best) + (TIE if tied else "") + spread
        case float():
            return _bold(column, cell, best) + (TIE if tied else "")
    return str(cell)


def _interval(column: Column, cell: Range) -> str:
    return f"{{[}}{_number(column, cell.low)}, {_number(column, cell.high)}{{]}}"


def _bold(column: Column, value: float, best: str) -> str:
    number = _number(column, value)
    return rf"\textbf{{{number}}}" if best and column.number(value) == best else number


def _number(column: Column, value: float) -> str:
    return number_in_latex(column.number(value))
