"""The runs that slots are at: where each stands, and how its losses have gone."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import isfinite

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from isicbench.records import EpochRecord, RunRecord
from isicbench.report.estimate import Epochs, run_seconds_left
from isicbench.report.sparkline import Sparkline
from isicbench.report.wording import MISSING, figure, rate, time_left

SILENT_AFTER_SECONDS = 60.0
WIDE = 104
"""Columns of a terminal that has room for the scores beside the losses."""


def slot_table(
    runs: Sequence[RunRecord],
    epochs: Epochs,
    labels: Mapping[str, str],
    *,
    now: datetime,
    width: int,
    slot_titles: Mapping[str, str],
    losses: bool,
) -> Table:
    """A line for each running run; with `losses`, its last figures too (where no `curve_table` shows them)."""
    headings = ["Train", "Valid."] if losses else []
    headings += ["Val. IoU", "Val. Dice"] if losses and width >= WIDE else []
    table = _table()
    table.add_column("Slot", no_wrap=True, max_width=10)
    table.add_column("Run", justify="right", no_wrap=True)
    table.add_column("Experiment", ratio=1, no_wrap=True, overflow="ellipsis", min_width=12)
    for heading in ("Epoch", "Step", *headings, "Img/s", "Left"):
        table.add_column(heading, justify="right", no_wrap=True)
    for run in runs:
        done = _in_order(epochs.get(run.id, ()))
        table.add_row(
            Text(_slot_title(run, slot_titles)),
            str(run.id),
            Text(labels[run.config.config_hash]),
            f"{run.epoch}/{run.config.epochs}" if run.epoch else MISSING,
            f"{run.step}/{run.steps}" if run.steps else MISSING,
            *_last_figures(done)[: len(headings)],
            rate(done[-1].images_per_second if done else run.images_per_second),
            _left(run, done, now=now),
        )
    return table


def curve_table(runs: Sequence[RunRecord], epochs: Epochs) -> Table:
    """Both losses of each running run over its epochs, on one scale a run, and its last scores."""
    table = _table()
    table.add_column("Run", justify="right", no_wrap=True)
    for heading in ("Train", "Valid."):
        table.add_column(heading, justify="right", no_wrap=True)
        table.add_column("over epochs", no_wrap=True, ratio=1)
    for heading in ("Val. IoU", "Val. Dice"):
        table.add_column(heading, justify="right", no_wrap=True)
    for run in runs:
        done = _in_order(epochs.get(run.id, ()))
        train, validation, *scores = _last_figures(done)
        curves = _loss_curves(done)
        table.add_row(str(run.id), train, curves[0], validation, curves[1], *scores)
    return table


def _loss_curves(epochs: Sequence[EpochRecord]) -> list[RenderableType]:
    losses = [[record.train_loss for record in epochs], [record.validation_loss for record in epochs]]
    known = [value for values in losses for value in values if isfinite(value)]
    low, high = min(known, default=0.0), max(known, default=0.0)
    return [Sparkline(values=values, low=low, high=high) for values in losses]


def _last_figures(epochs: Sequence[EpochRecord]) -> list[str]:
    """Losses and scores of the last epoch."""
    if not epochs:
        return [MISSING] * 4
    last = epochs[-1]
    return [*map(figure, (last.train_loss, last.validation_loss, last.validation_iou, last.validation_dice))]


def _in_order(epochs: Sequence[EpochRecord]) -> list[EpochRecord]:
    return sorted(epochs, key=lambda record: record.epoch)


def _left(run: RunRecord, epochs: Sequence[EpochRecord], *, now: datetime) -> Text:
    """The time left, or for how long nothing has been heard of the run."""
    silent = (now - run.heartbeat_at).total_seconds() if run.heartbeat_at else 0.0
    if silent > SILENT_AFTER_SECONDS:
        return Text(f"silent {time_left(silent)}", style="bold yellow")
    return Text(time_left(run_seconds_left(run, epochs, now=now)))


def _slot_title(run: RunRecord, titles: Mapping[str, str]) -> str:
    if run.owner is None:
        return MISSING
    slot = run.owner.slot
    return titles.get(slot, slot.replace("cuda:GPU-", "GPU-")[:8] if "GPU-" in slot else slot)


def _table() -> Table:
    return Table(
        box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold", expand=True
    )
