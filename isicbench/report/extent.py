"""How much of many runs a report shows: a report of a thousand runs stays readable, and is written in a moment."""

from collections.abc import Sequence
from dataclasses import dataclass

from isicbench.report.experiments import Experiment
from isicbench.report.table import ResultRow
from isicbench.report.wording import count

EVERYTHING_UP_TO = 100
"""Runs. Of more, only the best experiments are drawn and told run by run."""
DETAILED = 4
"""Experiments that are drawn and told run by run where there are more runs than that."""
COMPARED = 12
"""Experiments that are compared with each other then."""
ROWS = 100
"""Rows of any one table, and lines of any one list; of scores, twice as many: each run has them at two sizes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """Places among the report's experiments, each in the experiments' order."""

    rows: tuple[int, ...]
    compared: tuple[int, ...]
    detailed: tuple[int, ...]
    remarks: tuple[str, ...]
    """What is left out, and where it is to be found; empty where everything is shown."""


def report_extent(experiments: Sequence[Experiment], rows: Sequence[ResultRow], *, table_rows: int = ROWS) -> Extent:
    """Everything of up to `EVERYTHING_UP_TO` runs; of more, the experiments with the highest mean test Dice.

    `table_rows` bounds the comparative table.
    """
    places = range(len(experiments))
    runs = sum(len(experiment.outcomes) for experiment in experiments)
    if runs <= EVERYTHING_UP_TO:
        return Extent(rows=tuple(places), compared=tuple(places), detailed=tuple(places), remarks=())
    best = sorted(places, key=lambda place: -dice.mean if (dice := rows[place].dice) else 1.0)
    shown, compared, detailed = (tuple(sorted(best[:most])) for most in (table_rows, COMPARED, DETAILED))
    return Extent(
        rows=shown, compared=compared, detailed=detailed, remarks=tuple(_remarks(len(experiments), runs, shown))
    )


def _remarks(experiments: int, runs: int, shown: Sequence[int]) -> list[str]:
    remarks = []
    if len(shown) < experiments:
        remarks.append(f"The table holds {len(shown)} of {experiments} experiments, those with the highest Dice.")
    parts = []
    if experiments > COMPARED:
        parts.append(f"the {COMPARED} experiments with the highest Dice are compared")
    if experiments > DETAILED:
        parts.append(f"the best {DETAILED} of them are drawn and told run by run")
    parts.append(f"no list is longer than {count(ROWS, 'line')}")
    listed = ", ".join(parts)
    remarks.append(
        f"There are {runs} runs: {listed}. All of them: isicbench list, isicbench compare with the names of interest, "
        "or the database's view results."
    )
    return remarks
