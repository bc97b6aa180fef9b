"""Results from one database into another, with the files of their runs: what `isicbench db copy` does.

A run's files come first, then its rows in one transaction: a copy that is killed leaves at most a folder that no row
names, and the same command goes on with it.
"""

from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from sqlalchemy.engine import URL, Connection

from isicbench.data.progress import Progress, silent
from isicbench.data.whole_file import copy_whole
from isicbench.errors import StoreError
from isicbench.scheduling.run_folder import TEMPORARY, folder_name
from isicbench.store.copy_plan import CopyPlan, PlannedRun, plan_copy
from isicbench.store.copy_rows import copy_datasets, copy_run, copy_studies
from isicbench.store.migrate import current_read_only, current_revision, ensure_current
from isicbench.store.store import Store
from isicbench.store.urls import database_url, files_folder, shown_url


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedFiles:
    count: int = 0
    bytes: int = 0

    def __add__(self, other: "CopiedFiles") -> "CopiedFiles":
        return CopiedFiles(count=self.count + other.count, bytes=self.bytes + other.bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseCopy:
    """What was copied, or would be; `source` and `target` without their passwords."""

    source: str
    target: str
    plan: CopyPlan
    files: CopiedFiles


def plan_database_copy(source: str, target: str) -> DatabaseCopy:
    """What `copy_database` would do; nothing is written, not even a new target."""
    source_url, target_url = _urls(source, target)
    with current_read_only(source_url) as reader, _present(target_url) as present:
        plan = plan_copy(reader, present)
    return DatabaseCopy(source=shown_url(source_url), target=shown_url(target_url), plan=plan, files=CopiedFiles())


def copy_database(source: str, target: str, *, files: bool = True, progress: Progress = silent) -> DatabaseCopy:
    """Copy every run that has ended and that the target lacks or knows an earlier state of; a new target is made.

    `files` are those in the runs' folders: weights, logs and checkpoints. Raises `StoreError` for a database that
    cannot be read or written, and for a target that others change meanwhile; what was copied until then stays.
    """
    source_url, target_url = _urls(source, target)
    with current_read_only(source_url) as reader:
        ensure_current(target_url, create=True)
        with _present(target_url) as present:
            plan = plan_copy(reader, present)
        folders = _Folders(source_url, target_url, plan)
        with closing(Store(target_url)) as store:
            copied = _copy_runs(reader, store, plan, folders, files=files, progress=progress)
            if files:
                copied += _copy_missing_weights(store, plan, folders)
    return DatabaseCopy(source=shown_url(source_url), target=shown_url(target_url), plan=plan, files=copied)


def _copy_runs(
    reader: Connection, store: Store, plan: CopyPlan, folders: "_Folders", *, files: bool, progress: Progress
) -> CopiedFiles:
    copied = CopiedFiles()
    if plan.to_write:
        with store.transaction() as writer:
            copy_datasets(reader, writer)
    for done, run in enumerate(plan.to_write, start=1):
        if files:
            copied += folders.copy(run)
        with store.transaction() as writer:
            copy_run(reader, writer, run, target_numbers=plan.target_numbers, renamed=folders.renamed)
        progress("copy", done, len(plan.to_write))
    if plan.study_count:
        with store.transaction() as writer:
            copy_studies(reader, writer, plan.target_numbers)
    return copied


def _copy_missing_weights(store: Store, plan: CopyPlan, folders: "_Folders") -> CopiedFiles:
    """Files that the target has on record of runs that it had before, and that are not there."""
    artifacts = store.artifacts_by_run()
    copied = CopiedFiles()
    for run in plan.runs:
        if run.action == "keep" and run.target_number is not None:
            names = {Path(artifact.path).name for artifact in artifacts.get(run.target_number, ())}
            copied += folders.copy(run, names=names)
    return copied


class _Folders:
    """The folders of runs, where the files of either database lie; a run with another number has another name there."""

    def __init__(self, source: URL, target: URL, plan: CopyPlan) -> None:
        self._source, self._target = files_folder(source), files_folder(target)
        self._names = {
            folder_name(run.number, run.uid): folder_name(run.target_number, run.uid)
            for run in plan.runs
            if run.target_number is not None
        }

    def renamed(self, recorded: str) -> str:
        """A file's recorded path, with the run's folder as it is called in the target."""
        return "/".join(self._names.get(part, part) for part in recorded.split("/"))

    def copy(self, run: PlannedRun, *, names: Collection[str] | None = None) -> CopiedFiles:
        """The run's files that its folder in the target lacks, or those of `names`; temporary ones and links stay."""
        name = folder_name(run.number, run.uid)
        old, new = self._source / name, self._target / self._names[name]
        copied = CopiedFiles()
        for path in sorted(old.iterdir()) if old.is_dir() else ():
            is_wanted = path.name in names if names is not None else not fnmatch(path.name, TEMPORARY)
            if is_wanted and path.is_file() and not path.is_symlink() and not (new / path.name).exists():
                copied += _copy_file(path, new / path.name)
        return copied


def _copy_file(source: Path, target: Path) -> CopiedFiles:
    try:
        copy_whole(source, target)
    except OSError as error:
        raise StoreError(
            f"{target} cannot be written: {error.strerror or error}",
            hint="Check permissions and free space, then give the same command again: it goes on.",
        ) from error
    return CopiedFiles(count=1, bytes=target.stat().st_size)


def _urls(source: str, target: str) -> tuple[URL, URL]:
    urls = database_url(source), database_url(target)
    if urls[0] == urls[1]:
        raise StoreError(f"{shown_url(urls[0])}: source and target are one", hint="Name two databases.")
    return urls


@contextmanager
def _present(target: URL) -> Iterator[Connection | None]:
    """To read the target as it is; None where there is none yet."""
    if current_revision(target) is None:
        yield None
        return
    with current_read_only(target) as connection:
        yield connection
