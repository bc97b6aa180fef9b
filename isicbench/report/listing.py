"""The table of `isicbench list`: one line a run."""

from collections.abc import Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from isicbench.records import EvaluationRecord, RunRecord
from isicbench.report.experiments import has_collapsed, scored_on_test
from isicbench.report.labels import experiment_labels
from isicbench.report.status import status_text
from isicbench.report.wording import MISSING, duration, figure

NEWEST = 100
"""Runs that are listed where nothing else is asked for: more fill no screen, and take longer than the rest of it."""


def newest(runs: Sequence[RunRecord], *, last: int) -> Sequence[RunRecord]:
    """The last so many of the runs; 0 is all of them."""
    return runs[-last:] if last else runs


def runs_listing(
    runs: Sequence[RunRecord],
    evaluations: Mapping[int, Sequence[EvaluationRecord]],
    *,
    shown: Sequence[RunRecord] | None = None,
) -> RenderableType:
    """Id, experiment, seed, status, epoch, test scores and training time of each run, or of those that are `shown`.

    What tells experiments of one name apart is seen from all runs.
    """
    lines = runs if shown is None else shown
    labels = experiment_labels(runs)
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("Run", justify="right")
    table.add_column("Experiment", overflow="fold", ratio=1)
    table.add_column("Seed", justify="right")
    table.add_column("Status")
    for heading in ("Epoch", "IoU", "Dice", "Time"):
        table.add_column(heading, justify="right", no_wrap=True)
    for run in lines:
        scores = scored_on_test(run.config, evaluations.get(run.id, ()))
        table.add_row(
            str(run.id),
            Text(labels[run.config.config_hash]),
            MISSING if run.config.is_external else str(run.seed),
            status_text(run, collapsed=has_collapsed(run)),
            f"{run.epoch}/{run.config.epochs}" if run.epoch else MISSING,
            figure(scores.iou if scores else None),
            figure(scores.dice if scores else None),
            duration(run.train_seconds),
        )
    if len(lines) == len(runs):
        return table
    left_out = f"The newest {len(lines):,} of {len(runs):,} runs; --last 0 lists all."
    return Group(table, Text(), Text(left_out, style="dim"))
