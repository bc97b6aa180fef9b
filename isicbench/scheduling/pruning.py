"""Removing files that no finished result needs: rows that name them first, then the files.

A prune that is killed in between leaves a file without a row, which the next one removes; never a row without a file.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from isicbench.data.prepared_folders import unneeded_prepared
from isicbench.records import RunRecord, RunStatus
from isicbench.scheduling.run_files import FileKind, RunFile, files_of_runs
from isicbench.scheduling.run_folder import recorded_path
from isicbench.store.store import Store
from isicbench.store.urls import database_url, is_sqlite

ABANDONED_SECONDS = 24 * 3600
"""A temporary file beside the database that is older is nobody's any more."""
ENDED = (RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.DIVERGED)
LOST = (RunStatus.FAILED, RunStatus.DIVERGED)
"""An interrupted run goes on in its own folder, so that its files stay."""
BUSY = (RunStatus.QUEUED, RunStatus.RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """A file, or a folder of prepared arrays, and why nothing needs it."""

    path: Path
    bytes: int
    reason: str
    run_id: int | None = None
    row: Literal["artifact", "log"] | None = None
    """What the database records of it, to be forgotten first."""


def plan_prune(store: Store, *, logs: bool = False, checkpoints: bool = False, cache: bool = False) -> list[Removal]:
    """What may go. The weights of completed runs never do, nor anything of a queued or running one.

    `logs` adds the logs of finished runs; `checkpoints` those from which an interrupted or failed run could go on;
    `cache` the prepared arrays of datasets that this database does not know, which are decoded again when needed.
    """
    runs = store.runs()
    completed = {(run.config.config_hash, run.seed) for run in runs if run.status is RunStatus.COMPLETED}
    is_idle = not any(run.status in BUSY for run in runs)
    found: list[Removal] = []
    for file in files_of_runs(store, runs, store.artifacts_by_run()):
        reason = _why_unneeded(file, completed, logs=logs, checkpoints=checkpoints, is_idle=is_idle)
        if reason:
            found.append(_removal(file, reason))
    found += _abandoned_beside(store)
    if logs:
        found += _lost_logs(store, runs)
    if cache:
        fingerprints = store.datasets().keys()
        found += [
            Removal(path=unneeded.path, bytes=unneeded.bytes, reason=unneeded.reason)
            for unneeded in unneeded_prepared(fingerprints)
        ]
    return found


def carry_out(store: Store, removals: Sequence[Removal]) -> tuple[list[Removal], list[str]]:
    """Forget the rows, then remove the files; gives what was removed, and a line for each that could not be.

    A run that was queued again since the plan was made keeps everything.
    """
    run_ids = sorted({removal.run_id for removal in removals if removal.run_id is not None})
    idle = store.forget_files(
        run_ids,
        artifact_paths=[recorded_path(store.folder, item.path) for item in removals if item.row == "artifact"],
        logs_of=[item.run_id for item in removals if item.row == "log" and item.run_id is not None],
    )
    removed, failed = [], []
    for removal in removals:
        if removal.run_id is not None and removal.run_id not in idle:
            continue
        try:
            _remove(removal.path)
            removed.append(removal)
        except OSError as error:
            failed.append(f"{removal.path}: {error.strerror or error}")
    _remove_empty_folders(store.folder, removed)
    return removed, failed


def _why_unneeded(
    file: RunFile, completed: set[tuple[str, int]], *, logs: bool, checkpoints: bool, is_idle: bool
) -> str:
    """Empty for a file that stays."""
    if file.run is None:
        if file.kind is FileKind.STRAY:
            return "belongs to no run of any database here"
        return (
            "a worker's log; no run is queued or running" if logs and file.kind is FileKind.SLOT_LOG and is_idle else ""
        )
    if file.run.status in BUSY:
        return ""
    status = file.run.status.value
    if file.kind is FileKind.TEMPORARY:
        return f"a temporary file of run {file.run.id}, which is {status}"
    if file.kind is FileKind.CHECKPOINT:
        return _why_unneeded_checkpoint(file.run, completed, checkpoints=checkpoints)
    if file.kind is FileKind.LOG:
        return f"the log of run {file.run.id}, which is {status}" if logs and file.run.status in ENDED else ""
    if file.kind in (FileKind.ARTIFACT, FileKind.UNRECORDED) and file.run.status in LOST:
        return f"left over by run {file.run.id}, which is {status}"
    return ""


def _why_unneeded_checkpoint(run: RunRecord, completed: set[tuple[str, int]], *, checkpoints: bool) -> str:
    if run.status in (RunStatus.COMPLETED, RunStatus.DIVERGED):
        return f"a checkpoint of run {run.id}, which is {run.status.value}"
    if (run.config.config_hash, run.seed) in completed:
        return f"a checkpoint of run {run.id}; another attempt completed"
    return f"the checkpoint from which run {run.id} could go on" if checkpoints else ""


def _removal(file: RunFile, reason: str) -> Removal:
    rows: dict[FileKind, Literal["artifact", "log"]] = {FileKind.ARTIFACT: "artifact", FileKind.LOG: "log"}
    run_id = file.run.id if file.run else None
    return Removal(path=file.path, bytes=file.bytes, reason=reason, run_id=run_id, row=rows.get(file.kind))


def _lost_logs(store: Store, runs: Sequence[RunRecord]) -> Iterator[Removal]:
    """Logs that are gone already, to be forgotten."""
    for run in runs:
        path = store.folder.parent / run.log_path
        if run.log_path and run.status in ENDED and not path.exists():
            yield Removal(path=path, bytes=0, reason=f"the log of run {run.id} is gone", run_id=run.id, row="log")


def _abandoned_beside(store: Store) -> Iterator[Removal]:
    """Copies of the database that a killed backup left behind."""
    url = database_url(store.url)
    if not is_sqlite(url):
        return
    database = Path(str(url.database))
    for path in sorted(database.parent.glob(".*.partial*")):
        if not path.name.startswith(f".{database.name}.") or not path.is_file():
            continue
        status = path.stat()
        if time.time() - status.st_mtime > ABANDONED_SECONDS:
            yield Removal(path=path, bytes=status.st_size, reason="left behind by a backup that was killed")


def _remove(path: Path) -> None:
    """A folder is one of prepared arrays: files only, and named last what makes it complete."""
    if path.is_dir() and not path.is_symlink():
        for child in sorted(path.iterdir()):
            child.unlink()
        path.rmdir()
    else:
        path.unlink(missing_ok=True)


def _remove_empty_folders(root: Path, removed: Sequence[Removal]) -> None:
    for parent in {removal.path.parent for removal in removed}:
        if parent != root and parent.is_relative_to(root):
            with suppress(OSError):  # not empty: it stays
                parent.rmdir()
