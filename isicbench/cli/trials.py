"""The table of a search's trials."""

import math
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from isicbench.report.notes import ending
from isicbench.report.wording import figure, printable
from isicbench.scheduling.search import Objective, Trial


def trials_table(trials: Sequence[Trial], objective: Objective) -> RenderableType:
    """The best first, those without a value last; the test set's scores stand nowhere."""
    if not trials:
        return Text("No trial was made.")
    heading = objective.figure.replace("_", " ")
    table = Table("run", *trials[0].values, heading, "", box=None)
    ordered = sorted(trials, key=lambda trial: _rank(trial, objective))
    for trial in ordered:
        shown = [f"{value:g}" if isinstance(value, float) else str(value) for value in trial.values.values()]
        value = "" if trial.value is None else figure(trial.value)
        told = trial.run.failure.message.partition(":")[0] if trial.pruned and trial.run.failure else ending(trial.run)
        table.add_row(*map(printable, (str(trial.run.id), *shown, value, told)))
    best = ordered[0]
    if best.value is None:
        return table
    return Group(table, Text(), Text(f"Best: run {best.run.id}, {heading} {figure(best.value)}."))


def _rank(trial: Trial, objective: Objective) -> float:
    if trial.value is None:
        return math.inf
    return -trial.value if objective.direction == "maximize" else trial.value
