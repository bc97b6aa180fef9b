"""The store: every door to the database. Frozen records go in and come out."""

import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import IntegrityError

from isicbench.records import (
    ArtifactRecord,
    DatasetRecord,
    Diagnosis,
    EnvironmentRecord,
    EpochRecord,
    EvaluationRecord,
    Failure,
    Owner,
    PredictionRecord,
    ProbabilityRecord,
    RunRecord,
    RunStatus,
    SampleRecord,
    StepRecord,
    StudyRecord,
)
from isicbench.store import attempts, experiments, recording, removal, studies
from isicbench.store.engine import patient, reading, writing
from isicbench.store.migrate import current_revision, ensure_current
from isicbench.store.problems import LockedError
from isicbench.store.reading_store import ReadingStore
from isicbench.store.reconnecting import methods_across_restarts
from isicbench.store.schema import RunRow
from isicbench.store.studies import RunRequest
from isicbench.store.urls import database_url


def open_store(choice: str | None = None, *, create: bool = True, is_patient: bool = False) -> "Store":
    """Open `--db`, `$ISICBENCH_DB` or `results.db` here; a new one is made where `create` allows it.

    A patient one, as workers have, waits some minutes for a lock before a result is lost to it.

    Raises `StoreError` for a database that is absent, foreign, unreadable, or of another schema.
    """
    url = database_url(choice)
    ensure_current(url, create=create)
    return Store(url, is_patient=is_patient)


def open_existing(choice: str | None = None) -> "Store | None":
    """The same, but None where there is no database yet."""
    if current_revision(database_url(choice)) is None:
        return None
    return open_store(choice, create=False)


def open_to_read(choice: str | None = None) -> "Store":
    """The same, but for reading only: the database itself refuses whatever would write. Nothing is made or changed."""
    url = database_url(choice)
    ensure_current(url, create=False, read_only=True)
    return Store(url, read_only=True)


@methods_across_restarts
class Store(ReadingStore):
    """One database. Every writing method is one short transaction; every reading method sees one state.

    Where a server is away for a while, each waits for it, and does again what the loss undid.
    """

    def __init__(self, url: URL, *, read_only: bool = False, is_patient: bool = False) -> None:
        super().__init__(url, read_only=read_only)
        self._impatient = self._engine
        if is_patient:
            self._engine = patient(self._engine)

    # Studies and their queue

    def add_study(
        self, command: str, requests: Sequence[RunRequest], *, force: bool = False, tags: Sequence[str] = ()
    ) -> StudyRecord:
        """Ask for runs. Completed ones (same config and seed) are skipped unless `force`; queued, running and
        interrupted ones are shared or taken up again; the rest is queued, a failed one as a new attempt."""
        with writing(self._engine) as session:
            return studies.add_study(session, command, requests, force=force, tags=tags)

    def extend_study(self, study_id: int, requests: Sequence[RunRequest]) -> None:
        """Ask for more runs of a study that is being trained, as `add_study` does for a new one."""
        with writing(self._engine) as session:
            studies.extend_study(session, study_id, requests)

    def retry_dead(
        self, study_id: int, *, kinds: Collection[str], retries: int, run_ids: Collection[int] | None = None
    ) -> list[int]:
        """Queue a new attempt of each of the study's runs, or of `run_ids`, that failed by one of `kinds` and has none.

        At most `retries` attempts of a run within the study; gives the new ones' numbers. It is asked twice a second,
        so it looks before it takes the write lock.
        """
        with reading(self._engine) as session:
            if not attempts.to_retry(session, study_id, kinds=kinds, retries=retries):
                return []
        with writing(self._engine) as session:
            return attempts.retry_dead(session, study_id, kinds=kinds, retries=retries, run_ids=run_ids)

    def failed_runs(self, study_id: int, *, kind: str) -> list[int]:
        """Those of the study's runs that failed so, and that no attempt retries."""
        with reading(self._engine) as session:
            return [run.id for run in attempts.failed_for_good(session, study_id, kinds=[kind])]

    def queue_again(self, run_ids: Sequence[int]) -> None:
        """Queue those of the runs that were interrupted; the others stay as they are."""
        with writing(self._engine) as session:
            attempts.queue_again(session, run_ids)

    # Masks of other tools

    def add_external(
        self, request: RunRequest, evaluation: EvaluationRecord, *, force: bool = False
    ) -> tuple[RunRecord, bool]:
        """Record masks of another tool as an experiment with one completed run and its evaluation, all or nothing.

        Gives the run, and whether the same predictions were scored before, in which case that run is left as it was
        unless `force` asks for another.
        """
        with writing(self._engine) as session:
            run_id, was_there = studies.add_external(session, request, seconds=evaluation.seconds, force=force)
            if not was_there:
                recording.record_evaluation(session, run_id, evaluation)
        return self.run(run_id), was_there

    def rename_experiment(self, run_id: int, name: str) -> RunRecord:
        """Give a run's experiment another name."""
        with writing(self._engine) as session:
            session.get_one(RunRow, run_id).experiment.name = name
        return self.run(run_id)

    # What a worker writes

    def claim(
        self, run_id: int, owner: Owner, *, log_path: str, epochs_kept: int = 0, continues: int | None = None
    ) -> RunRecord | None:
        """Take a queued run for `owner`; None if somebody else has it, or the owner's slot holds another run.

        It goes on after `epochs_kept` of its own epochs, or of those of the attempt that it `continues`.
        """
        try:
            with writing(self._engine) as session:
                claimed = recording.claim(
                    session, run_id, owner, log_path=log_path, epochs_kept=epochs_kept, continues=continues
                )
        except IntegrityError:
            return None
        return None if claimed is None else self.run(claimed)

    def record_progress(self, run_id: int, step: StepRecord) -> None:
        """Where the training stands, and that it lives. A database that stays locked costs this record, not the run:
        the next one comes within seconds."""
        try:
            with writing(self._impatient) as session:
                recording.record_progress(session, run_id, step)
        except LockedError as error:
            print(f"progress of run {run_id} not recorded: {error.message}", file=sys.stderr)

    def record_epoch(self, run_id: int, epoch: EpochRecord) -> None:
        with writing(self._engine) as session:
            recording.record_epoch(session, run_id, epoch)

    def record_environment(self, run_id: int, environment: EnvironmentRecord) -> None:
        with writing(self._engine) as session:
            recording.record_environment(session, run_id, environment)

    def record_evaluation(self, run_id: int, evaluation: EvaluationRecord) -> None:
        """With its image scores; replaces an evaluation of the same split, data, resolution and threshold."""
        with writing(self._engine) as session:
            recording.record_evaluation(session, run_id, evaluation)

    def record_probabilities(self, run_id: int, record: ProbabilityRecord) -> None:
        with writing(self._engine) as session:
            recording.record_probabilities(session, run_id, record)

    def record_diagnoses(self, run_id: int, diagnoses: Sequence[Diagnosis]) -> None:
        with writing(self._engine) as session:
            recording.record_diagnoses(session, run_id, diagnoses)

    def record_predictions(
        self, run_id: int, samples: Sequence[SampleRecord], predictions: Sequence[PredictionRecord]
    ) -> None:
        with writing(self._engine) as session:
            recording.record_predictions(session, run_id, samples, predictions)

    def record_artifact(self, run_id: int, artifact: ArtifactRecord) -> None:
        with writing(self._engine) as session:
            recording.record_artifact(session, run_id, artifact)

    def finish(
        self,
        run_id: int,
        status: RunStatus,
        *,
        failure: Failure | None = None,
        train_seconds: float | None = None,
        images_per_second: float | None = None,
        peak_memory_mib: float | None = None,
    ) -> bool:
        """End a run that is running or queued; False if it had ended before."""
        figures = {
            "train_seconds": train_seconds,
            "images_per_second": images_per_second,
            "peak_memory_mib": peak_memory_mib,
        }
        with writing(self._engine) as session:
            return recording.finish(session, run_id, status, failure=failure, figures=figures)

    # What runs are evaluated on

    def record_dataset(self, record: DatasetRecord) -> None:
        """Make a dataset known that runs are evaluated on."""
        with writing(self._engine) as session:
            experiments.find_or_add_dataset(session, record)

    # Copying

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A writing transaction of its own, for rows that come from another database; it is not done again."""
        with writing(self._engine) as session:
            yield session.connection()

    # Removing

    def remove_runs(self, run_ids: Sequence[int]) -> None:
        """Remove runs with all their rows; raises `StoreError` for one that is running."""
        with writing(self._engine) as session:
            removal.remove_runs(session, run_ids)

    def forget_files(
        self, run_ids: Sequence[int], *, artifact_paths: Sequence[str], logs_of: Sequence[int]
    ) -> frozenset[int]:
        """Forget files that are about to be removed; gives those of `run_ids` that are neither queued nor running.

        Nothing of the others is forgotten.
        """
        with writing(self._engine) as session:
            return removal.forget_files(session, run_ids, artifact_paths=artifact_paths, logs_of=logs_of)
