"""Everything that can be wrong with a database and with the files that its rows name."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.engine import URL

from isicbench.compute.processes import host_name
from isicbench.data.progress import Progress, silent
from isicbench.errors import IsicbenchError, StoreError
from isicbench.models.weight_files import file_sha256
from isicbench.records import ArtifactRecord, RunRecord, RunStatus
from isicbench.scheduling.pruning import plan_prune
from isicbench.scheduling.run_files import FileKind, files_of_runs
from isicbench.store.integrity import damages, dangling_references
from isicbench.store.migrate import current_revision, head_revision
from isicbench.store.store import Store, open_store
from isicbench.store.urls import database_url, is_sqlite, shown_url

Kind = Literal["damage", "reference", "schema", "row", "missing file", "changed file", "unneeded file"]
RESTORE = "Put the file back, or train the run again: isicbench run --force"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFinding:
    """`wrong` for what is lost or damaged, `note` for what may be removed. `advice` says what to do."""

    kind: Kind
    level: Literal["note", "wrong"]
    message: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseCheck:
    database: str
    """Path or URL, without a password."""
    revision: str
    newest_revision: str
    run_count: int
    file_count: int
    findings: tuple[CheckFinding, ...]

    @property
    def is_sound(self) -> bool:
        return not any(finding.level == "wrong" for finding in self.findings)


def check_database(choice: str | None, *, progress: Progress = silent) -> DatabaseCheck:
    """Examine file, references, schema, rows, and the files under `runs/`, in this order, and change nothing.

    Where one of the first makes the next meaningless, the check ends there. Raises `StoreError` for a database that is
    absent, foreign, or cannot be opened at all.
    """
    url = database_url(choice)
    revision = current_revision(url)
    if revision is None:
        raise StoreError(f"{shown_url(url)}: no database there", hint="Name it with --db.")
    found = [*_damages(url), *_schema(revision)]
    runs: list[RunRecord] = []
    files = 0
    if not found:
        found += _references(url)
        try:
            store = open_store(choice, create=False)
            runs = _read_rows(store)
            artifacts = store.artifacts_by_run()
            files = sum(map(len, artifacts.values()))
            found += _lost_files(store, _with_files_here(url, runs), artifacts, progress=progress)
            found += _unneeded_files(store, runs, artifacts)
        except IsicbenchError as error:
            found.append(CheckFinding(kind="row", level="wrong", message=error.message, advice=BACKUP))
    return DatabaseCheck(
        database=shown_url(url),
        revision=revision,
        newest_revision=head_revision(),
        run_count=len(runs),
        file_count=files,
        findings=tuple(found),
    )


BACKUP = "Take the last backup; of an SQLite file, save what can be read: sqlite3 FILE .recover"


def _damages(url: URL) -> Iterator[CheckFinding]:
    for line in damages(url):
        yield CheckFinding(kind="damage", level="wrong", message=line, advice=BACKUP)


def _references(url: URL) -> Iterator[CheckFinding]:
    for line in dangling_references(url):
        yield CheckFinding(kind="reference", level="wrong", message=line, advice="Take the last backup.")


def _schema(revision: str) -> Iterator[CheckFinding]:
    if revision != head_revision():
        message = f"its schema is {revision}, this version's {head_revision()}"
        yield CheckFinding(kind="schema", level="wrong", message=message, advice="isicbench db upgrade")


def _read_rows(store: Store) -> list[RunRecord]:
    """Every record that a report could ask for, so that a row which cannot be read is found now."""
    runs = store.runs()
    ids = [run.id for run in runs]
    store.epochs(ids)
    store.evaluations(ids, with_image_scores=True)
    for fingerprint in store.datasets():
        store.dataset_images(fingerprint)
    store.environments(ids)
    for run_id in ids:
        store.predictions([run_id])  # pictures and all, so one run at a time
    return runs


def _with_files_here(url: URL, runs: Sequence[RunRecord]) -> list[RunRecord]:
    """Of a server's runs, those that this machine trained: the others' files lie on theirs."""
    return [run for run in runs if is_sqlite(url) or run.owner is None or run.owner.host == host_name()]


def _lost_files(
    store: Store, runs: Sequence[RunRecord], artifacts: Mapping[int, Sequence[ArtifactRecord]], *, progress: Progress
) -> Iterator[CheckFinding]:
    for done, run in enumerate(runs, start=1):
        progress("check", done, len(runs))
        if run.status is RunStatus.RUNNING:
            continue  # its files come and go
        for artifact in artifacts.get(run.id, ()):
            yield from _lost_artifact(store, run, artifact)
        if run.log_path and not (store.folder.parent / run.log_path).is_file():
            message = f"run {run.id}: its log {run.log_path} is not there"
            advice = "isicbench prune --logs forgets the logs of finished runs"
            yield CheckFinding(kind="missing file", level="wrong", message=message, advice=advice)


def _lost_artifact(store: Store, run: RunRecord, artifact: ArtifactRecord) -> Iterator[CheckFinding]:
    path = store.folder.parent / artifact.path
    what = f"run {run.id}: its {artifact.kind} {artifact.path}"
    try:
        if not path.is_file():
            yield CheckFinding(kind="missing file", level="wrong", message=f"{what} is not there", advice=RESTORE)
        elif (size := path.stat().st_size) != artifact.bytes:
            message = f"{what} has {size} bytes, {artifact.bytes} were recorded"
            yield CheckFinding(kind="changed file", level="wrong", message=message, advice=RESTORE)
        elif file_sha256(path) != artifact.sha256:
            message = f"{what} has another SHA-256 than was recorded"
            yield CheckFinding(kind="changed file", level="wrong", message=message, advice=RESTORE)
    except OSError as error:
        message = f"{what} cannot be read: {error.strerror or error}"
        yield CheckFinding(kind="missing file", level="wrong", message=message, advice="Check its permissions.")


def _unneeded_files(
    store: Store, runs: Sequence[RunRecord], artifacts: Mapping[int, Sequence[ArtifactRecord]]
) -> Iterator[CheckFinding]:
    """What `isicbench prune` would remove, and files in a run's folder that the database does not know."""
    for removal in plan_prune(store):
        message = f"{removal.path}: {removal.reason}"
        yield CheckFinding(kind="unneeded file", level="note", message=message, advice="isicbench prune removes it")
    for file in files_of_runs(store, runs, artifacts):
        if file.kind is FileKind.UNRECORDED and file.run and file.run.status is RunStatus.COMPLETED:
            message = f"{file.path}: in the folder of run {file.run.id}, but nothing of isicbench's"
            advice = "Remove it by hand if nobody needs it."
            yield CheckFinding(kind="unneeded file", level="note", message=message, advice=advice)
