"""A study as it runs, for a terminal: slots, losses, queue, endings and diagnoses, made to fit its size."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from isicbench.records import FINISHED, EpochRecord, RunRecord, RunStatus
from isicbench.report.estimate import Epochs, study_seconds_left
from isicbench.report.experiments import has_collapsed
from isicbench.report.labels import experiment_labels
from isicbench.report.notes import ending
from isicbench.report.running import curve_table, slot_table
from isicbench.report.snapshot import Snapshot
from isicbench.report.status import status_text
from isicbench.report.wording import count, duration, figure, printable, time_left

FINISHED_LINES = 6
DIAGNOSIS_LINES = 3
HEAD_LINES = 3
"""Of a table: an empty line, the headings, a rule."""
BELOW_LINES = 5
"""Kept free beneath the running runs, for what is queued and what has ended."""


def live_view(
    snapshot: Snapshot,
    *,
    now: datetime,
    width: int = 80,
    height: int = 24,
    slot_titles: Mapping[str, str] | None = None,
) -> RenderableType:
    """What each slot is doing, what is next, the runs that ended last, the last diagnoses.

    Fits `width` columns from 80 on, and `height` lines from 10 on: of too many slots, the first ones are shown.
    `slot_titles` gives a slot's name for people (`cuda:0`) where it differs from the one in the database.
    """
    labels = experiment_labels(snapshot.runs)
    running = [run for run in snapshot.runs if run.status is RunStatus.RUNNING]
    running.sort(key=lambda run: (run.owner.slot if run.owner else "", run.id))
    room = height - 2  # the summary, and the line that the cursor stands on
    parts: list[RenderableType] = [_summary(snapshot, now=now)]
    if running:
        view, used = _running(running, snapshot.epochs, labels, now=now, width=width, room=room, titles=slot_titles)
        parts += view
        room -= used
    if queued := [run for run in snapshot.runs if run.status is RunStatus.QUEUED]:
        parts += [Text(), _queue(queued, labels)]
        room -= 2
    diagnosed = _last_ended([run for run in snapshot.runs if run.diagnoses], most=min(DIAGNOSIS_LINES, room - 2))
    finished = _last_ended(snapshot.runs, most=min(FINISHED_LINES, room - 1 - len(diagnosed)))
    if finished:
        parts += [Text(), _finished_table(finished, snapshot.epochs, labels)]
    return Group(*parts, *map(_diagnosis, diagnosed))


def study_counts(runs: Sequence[RunRecord]) -> str:
    """`12 runs: 3 completed, 2 running, 1 failed, 6 queued`; statuses without a run are left out."""
    counts = Counter(run.status for run in runs)
    order = ("completed", "running", "failed", "diverged", "interrupted", "queued")
    shown = ", ".join(f"{counts[RunStatus(s)]} {s}" for s in order if counts[RunStatus(s)])
    return f"{count(len(runs), 'run')}: {shown}" if runs else "0 runs"


def _summary(snapshot: Snapshot, *, now: datetime) -> Text:
    text = _line(study_counts(snapshot.runs), style="bold")
    left = study_seconds_left(snapshot.runs, snapshot.epochs, now=now)
    return text if left is None else text.append(f"; about {time_left(left)} left", style="not bold")


def _running(
    runs: Sequence[RunRecord],
    epochs: Epochs,
    labels: Mapping[str, str],
    *,
    now: datetime,
    width: int,
    room: int,
    titles: Mapping[str, str] | None,
) -> tuple[list[RenderableType], int]:
    """The running runs' tables and how many lines they take: curves only where there is room for all of them."""
    curves = 2 * (HEAD_LINES + len(runs)) + BELOW_LINES <= room
    most = len(runs) if curves else max(1, room - HEAD_LINES - BELOW_LINES)
    shown, more = runs[:most], len(runs) - most
    slots = slot_table(shown, epochs, labels, now=now, width=width, slot_titles=titles or {}, losses=not curves)
    parts: list[RenderableType] = [Text(), slots]
    if more > 0:
        parts.append(_line(f"and {more} more running"))
    if curves:
        parts += [Text(), curve_table(shown, epochs)]
    return parts, (1 + curves) * (HEAD_LINES + len(shown)) + (more > 0)


def _queue(runs: Sequence[RunRecord], labels: Mapping[str, str]) -> Text:
    first = runs[0]
    more = f", and {len(runs) - 1} more" if len(runs) > 1 else ""
    return _line(f"Next: run {first.id}, seed {first.seed}{more}: {labels[first.config.config_hash]}", style="dim")


def _last_ended(runs: Sequence[RunRecord], *, most: int) -> list[RunRecord]:
    ended = [run for run in runs if run.status in FINISHED or run.status is RunStatus.INTERRUPTED]
    ended.sort(key=lambda run: (run.finished_at is not None, run.finished_at or run.created_at, run.id))
    return ended[-most:] if most > 0 else []


def _finished_table(runs: Sequence[RunRecord], epochs: Epochs, labels: Mapping[str, str]) -> Table:
    table = Table.grid(padding=(0, 1), expand=True)
    for _ in range(3):
        table.add_column(no_wrap=True)
    for _ in range(2):
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    for run in runs:
        result, label = _result(run, epochs.get(run.id, ())), labels[run.config.config_hash]
        table.add_row(f"run {run.id}", f"seed {run.seed}", status_text(run), Text(result), Text(label))
    return table


def _result(run: RunRecord, epochs: Sequence[EpochRecord]) -> str:
    """What a finished run came to: its validation IoU and time, or why it has none."""
    if run.status is not RunStatus.COMPLETED:
        return ending(run).partition(": ")[2]
    if not epochs:
        return ""
    last = max(epochs, key=lambda record: record.epoch)
    collapsed = "COLLAPSED, " if has_collapsed(run) else ""
    return f"{collapsed}IoU {figure(last.validation_iou)}, {duration(run.train_seconds)}"


def _diagnosis(run: RunRecord) -> Text:
    """All that is wrong with it by name, and the first of that in words."""
    kinds = ", ".join(printable(found.kind) for found in run.diagnoses)
    text = _line(f"run {run.id} ").append(kinds, style="bold red")
    return text.append(f": {printable(run.diagnoses[0].message)}")


def _line(text: str, *, style: str = "") -> Text:
    """One line, cut where it is too long."""
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")
