"""A study as it runs, for a file or a pipe: a line for each start, epoch, diagnosis and end."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache

from isicbench.records import EpochRecord, RunRecord, RunStatus
from isicbench.report.estimate import run_seconds_left
from isicbench.report.experiments import has_collapsed
from isicbench.report.labels import experiment_labels
from isicbench.report.notes import ending
from isicbench.report.snapshot import Snapshot
from isicbench.report.wording import duration, figure, printable, rate, time_left


def plain_lines(before: Snapshot, after: Snapshot, *, now: datetime) -> list[str]:
    """What happened between two looks at a study, a line each."""
    known = {run.id: run for run in before.runs}
    labels = cache(lambda: experiment_labels(after.runs))
    return [
        line
        for run in after.runs
        if run is not known.get(run.id)
        for line in _run_lines(run, known.get(run.id), before, after, now=now, labels=labels)
    ]


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


def _run_lines(
    run: RunRecord,
    was: RunRecord | None,
    before: Snapshot,
    after: Snapshot,
    *,
    now: datetime,
    labels: Callable[[], Mapping[str, str]],
) -> list[str]:
    """`labels` compares all experiments, and is asked only where a line names one."""
    changed = was is None or was.status is not run.status
    label = f"{labels()[run.config.config_hash]}, seed {run.seed}" if changed else ""
    lines = []
    if changed and run.status is RunStatus.RUNNING:
        lines.append(f"[run {run.id}] {label}: started" + (f" on {run.owner.slot}" if run.owner else ""))
    seen = {record.epoch for record in before.epochs.get(run.id, ())}
    epochs = after.epochs.get(run.id, ())
    lines += [plain_epoch_line(run, new, now=now, epochs=epochs) for new in epochs if new.epoch not in seen]
    told = was.diagnoses if was else ()
    lines += [
        f"[run {run.id}] diagnosis {printable(found.kind)}: {printable(found.message)}"
        for found in run.diagnoses
        if found not in told
    ]
    if changed and run.status not in (RunStatus.RUNNING, RunStatus.QUEUED):
        lines.append(plain_end_line(run, label=label))
    return lines
