"""The files under `runs/`, each with the run that it belongs to and what it is."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatch
from pathlib import Path

from isicbench.errors import StoreError
from isicbench.records import ArtifactRecord, RunRecord
from isicbench.scheduling.run_folder import CHECKPOINTS, LOG, TEMPORARY, folder_name, recorded_path
from isicbench.store.neighbours import runs_of_neighbours
from isicbench.store.store import Store
from isicbench.store.urls import database_url

SLOT_LOGS = "logs"
RUN_FOLDER = re.compile(r"\d{5,}-[0-9a-f]{8}")


class FileKind(StrEnum):
    ARTIFACT = "artifact"
    """A file that the database has a row of, such as `model.pt`."""
    LOG = "log"
    SLOT_LOG = "slot log"
    CHECKPOINT = "checkpoint"
    TEMPORARY = "temporary"
    UNRECORDED = "unrecorded"
    """In a run's folder, without a row."""
    STRAY = "stray"
    """In the folder of a run that no database here has."""
    FOREIGN = "foreign"
    """Of another database, or none of isicbench's: nothing is said of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFile:
    path: Path
    kind: FileKind
    run: RunRecord | None
    bytes: int


def files_of_runs(
    store: Store, runs: Sequence[RunRecord], artifacts: Mapping[int, Sequence[ArtifactRecord]]
) -> Iterator[RunFile]:
    """Every file beneath the store's folder, by name; links are files here and are never followed.

    Raises `StoreError` for a folder that cannot be read.
    """
    run_of = {folder_name(run.id, run.uid): run for run in runs}
    elsewhere = runs_of_neighbours(database_url(store.url))
    theirs = None if elsewhere is None else {folder_name(*key) for key in elsewhere}
    for entry in _entries(store.folder):
        if entry.is_symlink() or not entry.is_dir():
            yield _file(entry, FileKind.FOREIGN)
            continue
        run = run_of.get(entry.name)
        recorded = {item.path for item in artifacts.get(run.id, ())} if run else set()
        for path in _files_beneath(entry):
            if run:
                named = recorded_path(store.folder, path) in recorded
                yield _file(path, FileKind.ARTIFACT if named else _kind_by_name(path), run)
            elif entry.name == SLOT_LOGS:
                yield _file(path, FileKind.SLOT_LOG)
            else:
                is_stray = RUN_FOLDER.fullmatch(entry.name) and theirs is not None and entry.name not in theirs
                yield _file(path, FileKind.STRAY if is_stray else FileKind.FOREIGN)


def _kind_by_name(path: Path) -> FileKind:
    if path.name == LOG:
        return FileKind.LOG
    if fnmatch(path.name, CHECKPOINTS):
        return FileKind.CHECKPOINT
    if fnmatch(path.name, TEMPORARY):
        return FileKind.TEMPORARY
    return FileKind.UNRECORDED


def _file(path: Path, kind: FileKind, run: RunRecord | None = None) -> RunFile:
    return RunFile(path=path, kind=kind, run=run, bytes=path.lstat().st_size)


def _files_beneath(folder: Path) -> Iterator[Path]:
    for entry in _entries(folder):
        if entry.is_dir() and not entry.is_symlink():
            yield from _files_beneath(entry)
        else:
            yield entry


def _entries(folder: Path) -> list[Path]:
    """In name order; none where there is no such folder."""
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError(
            f"{folder} cannot be read: {error.strerror or error}", hint="Check its permissions."
        ) from error
