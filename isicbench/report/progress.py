"""A study as it runs: a live view for a terminal, plain lines for a file or a pipe; both from the same rows."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from isicbench.records import FINISHED, EpochRecord, RunRecord, RunStatus
from isicbench.report.estimate import Epochs, run_seconds_left, study_seconds_left
from isicbench.report.experiments import has_collapsed
from isicbench.report.labels import experiment_labels
from isicbench.report.notes import ending
from isicbench.report.status import status_text
from isicbench.report.wording import MISSING, count, duration, figure, rate, time_left

SILENT_AFTER_SECONDS = 60.0
WIDE = 104
FINISHED_LINES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A study's rows at one moment."""

    runs: Sequence[RunRecord] = ()
    epochs: Epochs = field(default_factory=dict)


def live_view(
    snapshot: Snapshot, *, now: datetime, width: int = 80, slot_titles: Mapping[str, str] | None = None
) -> RenderableType:
    """What each slot is doing, the runs that ended last, and the counts; fits `width` columns from 80 on.

    `slot_titles` gives a slot's name for people (`cuda:0`) where it differs from the one in the database.
    """
    labels = experiment_labels(snapshot.runs)
    running = [run for run in snapshot.runs if run.status is RunStatus.RUNNING]
    running.sort(key=lambda run: (run.owner.slot if run.owner else "", run.id))
    parts: list[RenderableType] = [_summary(snapshot, now=now)]
    if running:
        table = _slot_table(wide=width >= WIDE)
        for run in running:
            cells = _slot_cells(run, snapshot.epochs.get(run.id, ()), now=now, wide=width >= WIDE)
            slot, label = _slot_title(run, slot_titles or {}), labels[run.config.config_hash]
            table.add_row(Text(slot), str(run.id), Text(label), *cells)
        parts += [Text(), table]
    if finished := _last_finished(snapshot.runs):
        parts += [Text(), _finished_table(finished, snapshot.epochs, labels)]
    return Group(*parts)


def plain_lines(before: Snapshot, after: Snapshot, *, now: datetime) -> list[str]:
    """What happened between two looks at a study, a line each: starts, epochs, ends."""
    labels = experiment_labels(after.runs)
    known = {run.id: run.status for run in before.runs}
    lines = []
    for run in after.runs:
        label = f"{labels[run.config.config_hash]}, seed {run.seed}"
        was = known.get(run.id)
        if was is not run.status and run.status is RunStatus.RUNNING:
            lines.append(f"[run {run.id}] {label}: started" + (f" on {run.owner.slot}" if run.owner else ""))
        seen = {record.epoch for record in before.epochs.get(run.id, ())}
        lines += [
            plain_epoch_line(run, record, now=now, epochs=after.epochs[run.id])
            for record in after.epochs.get(run.id, ())
            if record.epoch not in seen
        ]
        if was is not run.status and run.status not in (RunStatus.RUNNING, RunStatus.QUEUED):
            lines.append(plain_end_line(run, label=label))
    return lines


def plain_epoch_line(run: RunRecord, record: EpochRecord, *, now: datetime, epochs: Sequence[EpochRecord] = ()) -> str:
    """`[run 3] epoch 4/10  train 0.3012  validation 0.2811  IoU 0.5512  Dice 0.6911  812 images/s  6 min left`."""
    parts = [
        f"[run {run.id}] epoch {record.epoch}/{run.config.epochs}",
        f"train {figure(record.train_loss)}",
        f"validation {figure(record.validation_loss)}",
        f"IoU {figure(record.validation_iou)}",
        f"Dice {figure(record.validation_dice)}",
        f"{rate(record.images_per_second)} images/s",
    ]
    left = run_seconds_left(run, epochs, now=now)
    if left is not None and record.epoch < run.config.epochs:
        parts.append(f"{time_left(left)} left")
    return "  ".join(parts)


def plain_end_line(run: RunRecord, *, label: str) -> str:
    """`[run 3] <label>: completed in 2 min 03 s`, or how it failed and where its log is; a collapse is named."""
    took = f" in {duration(run.train_seconds)}" if run.status is RunStatus.COMPLETED and run.train_seconds else ""
    collapsed = ", but it has collapsed: see its diagnosis" if has_collapsed(run) else ""
    return f"[run {run.id}] {label}: {ending(run)}{took}{collapsed}"


def study_counts(runs: Sequence[RunRecord]) -> str:
    """`12 runs: 3 completed, 2 running, 1 failed, 6 queued`; statuses without a run are left out."""
    counts = Counter(run.status for run in runs)
    order = ("completed", "running", "failed", "diverged", "interrupted", "queued")
    shown = ", ".join(f"{counts[RunStatus(s)]} {s}" for s in order if counts[RunStatus(s)])
    return f"{count(len(runs), 'run')}: {shown}" if runs else "0 runs"


def _summary(snapshot: Snapshot, *, now: datetime) -> Text:
    text = Text(study_counts(snapshot.runs), style="bold")
    left = study_seconds_left(snapshot.runs, snapshot.epochs, now=now)
    return text if left is None else text.append(f"; about {time_left(left)} left", style="not bold")


def _slot_table(*, wide: bool) -> Table:
    table = Table(
        box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold", expand=True
    )
    table.add_column("Slot", no_wrap=True, max_width=10)
    table.add_column("Run", justify="right", no_wrap=True)
    table.add_column("Experiment", ratio=1, no_wrap=True, overflow="ellipsis", min_width=12)
    headings = ["Epoch", "Step", "Train", "Valid.", *(["Val. IoU", "Val. Dice"] if wide else []), "Img/s", "Left"]
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _slot_cells(run: RunRecord, epochs: Sequence[EpochRecord], *, now: datetime, wide: bool) -> list[RenderableType]:
    last = max(epochs, key=lambda record: record.epoch, default=None)
    losses = [figure(last.train_loss), figure(last.validation_loss)] if last else [MISSING] * 2
    scores = [figure(last.validation_iou), figure(last.validation_dice)] if last else [MISSING] * 2
    return [
        f"{run.epoch}/{run.config.epochs}" if run.epoch else MISSING,
        f"{run.step}/{run.steps}" if run.steps else MISSING,
        *losses,
        *(scores if wide else []),
        rate(last.images_per_second if last else run.images_per_second),
        _left(run, epochs, now=now),
    ]


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


def _last_finished(runs: Sequence[RunRecord]) -> list[RunRecord]:
    ended = [run for run in runs if run.status in FINISHED or run.status is RunStatus.INTERRUPTED]
    ended.sort(key=lambda run: (run.finished_at is not None, run.finished_at or run.created_at, run.id))
    return ended[-FINISHED_LINES:]


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
