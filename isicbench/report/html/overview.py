"""The comparative table: figures with their intervals, the highest marked, and what is not shown to differ from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from statistics import fmean

from isicbench.evaluation.comparison import Verdict
from isicbench.report.comparison import ComparisonContents, MeanLine
from isicbench.report.comparison_section import DICE, IOU, ReportComparisons, mean_cells
from isicbench.report.contents import ReportContents
from isicbench.report.data_table import Summary
from isicbench.report.experiments import Experiment
from isicbench.report.html.series import Series
from isicbench.report.table import HEADINGS, ResultRow
from isicbench.report.wording import MISSING, duration, figure, rate

COLUMNS = (*HEADINGS[1:], "Seeds", "Training time", "Images/s")
SCORES = 2
"""Of the columns: the scores, of which the highest is marked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    text: str
    spread: str = ""
    """Beside it, smaller: the standard deviation over seeds."""
    note: str = ""
    """Beneath it, smaller: the 95% interval."""
    value: float | None = None
    """What the column is sorted by."""
    highest: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewRow:
    label: str
    mark: str
    series: Series | None
    standing: str
    """Where it stands to the highest Dice; empty where nothing can be said."""
    cells: tuple[Cell, ...]


def overview_rows(contents: ReportContents, series: Mapping[str, Series]) -> list[OverviewRow]:
    """The rows that the report shows, in its order."""
    shown = [(contents.rows[place], contents.experiments[place]) for place in contents.extent.rows]
    highest = [_highest([row.summaries[column] for row, _ in shown]) for column in range(SCORES)]
    standings = _standings(contents.comparisons)
    return [
        OverviewRow(
            label=row.label,
            mark=row.mark,
            series=series.get(row.label),
            standing=standings.get(row.label, ""),
            cells=(*_score_cells(row, experiment, contents.comparisons, highest), *_cost_cells(row, experiment)),
        )
        for row, experiment in shown
    ]


def best_place(compared: ComparisonContents) -> int | None:
    """The experiment with the highest mean, by its place among the means; None where it is not a single one."""
    means = [line.mean for line in compared.means if isfinite(line.mean)]
    if len(means) < 2 or means.count(max(means)) > 1:
        return None
    return max(range(len(compared.means)), key=lambda place: _mean(compared.means[place]))


def _mean(line: MeanLine) -> float:
    return line.mean if isfinite(line.mean) else -1.0


def _standings(comparisons: ReportComparisons | None) -> dict[str, str]:
    """By label: the one with the highest Dice, and those that the tests cannot tell from it."""
    if comparisons is None or (best := best_place(comparisons.dice)) is None:
        return {}
    means = comparisons.dice.means
    standings = {means[best].label: "highest Dice"}
    for pair in comparisons.dice.pairs:
        if pair.comparison and best in (pair.a, pair.b) and pair.comparison.verdict is Verdict.NO_DIFFERENCE_SHOWN:
            other = pair.b if pair.a == best else pair.a
            standings[means[other].label] = "no difference from the highest shown"
    return standings


def _highest(summaries: Sequence[Summary | None]) -> float | None:
    """The highest mean, where there are two rows to compare and it is above 0."""
    means = [summary.mean for summary in summaries if summary]
    return max(means) if len(means) > 1 and max(means) > 0 else None


def _score_cells(
    row: ResultRow, experiment: Experiment, comparisons: ReportComparisons | None, highest: Sequence[float | None]
) -> list[Cell]:
    notes = _interval_notes(experiment, comparisons)
    return [
        Cell(
            text=figure(summary.mean) if summary else MISSING,
            spread=f"± {figure(summary.sd)}" if summary and summary.sd is not None else "",
            note=notes[column] if column < SCORES and summary else "",
            value=summary.mean if summary else None,
            highest=column < SCORES and summary is not None and summary.mean == highest[column],
        )
        for column, summary in enumerate(row.summaries)
    ]


def _interval_notes(experiment: Experiment, comparisons: ReportComparisons | None) -> tuple[str, str]:
    """The intervals of IoU and Dice, where they are of the scores in the row."""
    resolutions = {outcome.evaluation.resolution for outcome in experiment.counted if outcome.evaluation}
    if comparisons is None or resolutions != {comparisons.dice.resolution}:
        return "", ""
    iou, dice = (
        next((mean_cells(line, scale)[1] for line in lines if line.label == experiment.label), "")
        for lines, scale in ((comparisons.iou, IOU), (comparisons.dice.means, DICE))
    )
    return iou.replace(MISSING, ""), dice.replace(MISSING, "")


def _cost_cells(row: ResultRow, experiment: Experiment) -> list[Cell]:
    """Seeds, and the means of training time and speed over them."""
    runs = [outcome.run for outcome in experiment.counted]
    seconds = _mean_of([run.train_seconds for run in runs])
    speed = _mean_of([run.images_per_second for run in runs])
    seeds = Cell(text=MISSING if experiment.config.is_external else str(row.n), value=float(row.n))
    return [seeds, Cell(text=duration(seconds), value=seconds), Cell(text=rate(speed), value=speed)]


def _mean_of(values: Sequence[float | None]) -> float | None:
    found = [value for value in values if value is not None]
    return fmean(found) if found else None
