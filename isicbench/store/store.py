"""The store: every door to the database. Frozen records go in and come out."""

import sys
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from isicbench.config import Config
from isicbench.errors import StoreError
from isicbench.records import (
    ArtifactRecord,
    DatasetImage,
    DatasetRecord,
    Diagnosis,
    EnvironmentRecord,
    EpochRecord,
    EvaluationRecord,
    Failure,
    ImageMetric,
    ImageScore,
    Owner,
    PredictionRecord,
    ProbabilityRecord,
    RunRecord,
    RunStatus,
    SampleRecord,
    StepRecord,
    StudyRecord,
)
from isicbench.store import (
    attempts,
    contents_mark,
    experiments,
    image_metrics,
    recording,
    removal,
    rows_to_records,
    studies,
)
from isicbench.store.engine import open_engine, reading, writing
from isicbench.store.migrate import current_revision, ensure_current
from isicbench.store.problems import LockedError
from isicbench.store.reconnecting import methods_across_restarts
from isicbench.store.schema import (
    ArtifactRow,
    DatasetImageRow,
    DatasetRow,
    EnvironmentRow,
    EpochRow,
    EvaluationRow,
    ImageScoreRow,
    PredictionRow,
    ProbabilityRow,
    RunRow,
    SampleRow,
    StudyRow,
    StudyRunRow,
    ThresholdScoreRow,
)
from isicbench.store.selection import among, in_byte_order
from isicbench.store.studies import RunRequest
from isicbench.store.urls import database_url, files_folder, full_url, shown_url
from isicbench.store.view_rows import View, ViewRows, view_rows


def open_store(choice: str | None = None, *, create: bool = True) -> "Store":
    """Open `--db`, `$ISICBENCH_DB` or `results.db` here; a new one is made where `create` allows it.

    Raises `StoreError` for a database that is absent, foreign, unreadable, or of another schema.
    """
    url = database_url(choice)
    ensure_current(url, create=create)
    return Store(url)


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
class Store:
    """One database. Every writing method is one short transaction; every reading method sees one state.

    Where a server is away for a while, each waits for it, and does again what the loss undid.
    """

    def __init__(self, url: URL, *, read_only: bool = False) -> None:
        self._engine = open_engine(url, read_only=read_only)
        self.url = full_url(url)
        """With the password: for a worker's environment, never for a message."""
        self.url_shown = shown_url(url)
        self.folder: Path = files_folder(url)
        """Where runs keep their files."""

    def close(self) -> None:
        """Give the connections back; a store that is used again opens new ones."""
        self._engine.dispose()

    # Studies and their queue

    def add_study(
        self, command: str, requests: Sequence[RunRequest], *, force: bool = False, tags: Sequence[str] = ()
    ) -> StudyRecord:
        """Ask for runs. Completed ones (same config and seed) are skipped unless `force`; queued, running and
        interrupted ones are shared or taken up again; the rest is queued, a failed one as a new attempt."""
        with writing(self._engine) as session:
            return studies.add_study(session, command, requests, force=force, tags=tags)

    def study(self, study_id: int) -> StudyRecord:
        with reading(self._engine) as session:
            row = session.get(StudyRow, study_id)
            if row is None:
                raise StoreError(f"{self.url_shown}: there is no study {study_id}", hint="See: isicbench list")
            return studies.study_record(session, row)

    def study_runs(self, study_id: int) -> list[RunRecord]:
        """In the order of the grid."""
        order = {run_id: i for i, run_id in enumerate(self.study(study_id).run_ids)}
        return sorted(self.runs(study_id=study_id), key=lambda run: order[run.id])

    def study_progress(self, study_id: int) -> dict[RunStatus, int]:
        """How many of the study's runs have which status."""
        query = (
            select(RunRow.status, func.count())
            .join(StudyRunRow, StudyRunRow.run_id == RunRow.id)
            .where(StudyRunRow.study_id == study_id)
            .group_by(RunRow.status)
        )
        with reading(self._engine) as session:
            return Counter({RunStatus(status): count for status, count in session.execute(query)})

    def queued_runs(self, study_id: int, *, limit: int) -> list[RunRecord]:
        """The study's next queued runs, in its order."""
        query = (
            select(RunRow)
            .join(StudyRunRow, StudyRunRow.run_id == RunRow.id)
            .where(StudyRunRow.study_id == study_id, RunRow.status == RunStatus.QUEUED.value)
            .order_by(StudyRunRow.position)
            .limit(limit)
        )
        with reading(self._engine) as session:
            return rows_to_records.run_records(session.scalars(query))

    def retry_dead(self, study_id: int, *, kinds: Collection[str], retries: int) -> list[int]:
        """Queue a new attempt of each of the study's runs that failed by one of `kinds` and has none yet.

        At most `retries` attempts of a run within the study; gives the new ones' numbers.
        """
        with writing(self._engine) as session:
            return attempts.retry_dead(session, study_id, kinds=kinds, retries=retries)

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

    def completed_run(self, config: Config) -> RunRecord | None:
        """The newest completed run of a config, whatever its seed."""
        with reading(self._engine) as session:
            run_id = studies.completed_run(session, config)
        return None if run_id is None else self.run(run_id)

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
            with writing(self._engine) as session:
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

    def record_dataset(self, record: DatasetRecord) -> None:
        """Make a dataset known that runs are evaluated on."""
        with writing(self._engine) as session:
            experiments.find_or_add_dataset(session, record)

    # Reading

    def run(self, run_id: int) -> RunRecord:
        with reading(self._engine) as session:
            row = session.get(RunRow, run_id)
            if row is None:
                raise StoreError(f"{self.url_shown}: there is no run {run_id}", hint="See: isicbench list")
            return rows_to_records.run_record(row)

    def runs(
        self,
        *,
        run_ids: Sequence[int] | None = None,
        statuses: Sequence[RunStatus] | None = None,
        study_id: int | None = None,
        since: datetime | None = None,
        tags: Collection[str] = (),
    ) -> list[RunRecord]:
        """The runs that fit every given selection, by number; `since` is when they were asked for, and of several tags
        a study that asked for them has one."""
        query = select(RunRow).order_by(RunRow.id)
        if run_ids is not None:
            query = query.where(among(RunRow.id, run_ids))
        if statuses is not None:
            query = query.where(RunRow.status.in_([status.value for status in statuses]))
        if since is not None:
            query = query.where(RunRow.created_at >= since)
        if study_id is not None:
            query = query.join(StudyRunRow, StudyRunRow.run_id == RunRow.id).where(StudyRunRow.study_id == study_id)
        with reading(self._engine) as session:
            if tags:
                query = query.where(among(RunRow.id, studies.tagged_runs(session, tags)))
            return rows_to_records.run_records(session.scalars(query))

    def running_runs(self) -> list[RunRecord]:
        return self.runs(statuses=[RunStatus.RUNNING])

    def epochs(self, run_ids: Sequence[int], *, last_only: bool = False) -> dict[int, list[EpochRecord]]:
        """Each run's epochs in order, or its last one alone; a run without any is absent."""
        columns = EpochRow.__table__.columns  # plain rows: there may be ten thousands of them
        query = select(*columns).where(among(EpochRow.run_id, run_ids)).order_by(EpochRow.run_id, EpochRow.epoch)
        if last_only:
            last = select(EpochRow.run_id, func.max(EpochRow.epoch).label("epoch")).group_by(EpochRow.run_id).subquery()
            query = query.join(last, (last.c.run_id == EpochRow.run_id) & (last.c.epoch == EpochRow.epoch))
        found: defaultdict[int, list[EpochRecord]] = defaultdict(list)
        with reading(self._engine) as session:
            for row in session.execute(query):
                found[row.run_id].append(rows_to_records.epoch_record(row))
        return dict(found)

    def evaluations(
        self, run_ids: Sequence[int], *, with_image_scores: bool = False
    ) -> dict[int, list[EvaluationRecord]]:
        """Each run's evaluations, oldest first; image by image only where asked for."""
        columns = EvaluationRow.__table__.columns
        query = select(*columns).where(among(EvaluationRow.run_id, run_ids)).order_by(EvaluationRow.id)
        found: defaultdict[int, list[EvaluationRecord]] = defaultdict(list)
        with reading(self._engine) as session:
            rows = session.execute(query).all()
            scores: dict[int, tuple[ImageScore, ...]] = {}
            if with_image_scores:
                scores = _image_scores(session, [row.id for row in rows])
            for row in rows:
                found[row.run_id].append(rows_to_records.evaluation_record(row, scores.get(row.id, ())))
        return dict(found)

    def image_metric(
        self, run_ids: Sequence[int], *, metric: str, split: str, resolution: str
    ) -> dict[int, ImageMetric]:
        """One metric (a score of `ImageScore`) of each run's own evaluation, image by image, and nothing else.

        A run without image scores of that split and resolution is absent.
        """
        with reading(self._engine) as session:
            return image_metrics.image_metric(session, run_ids, metric=metric, split=split, resolution=resolution)

    def probabilities(self, run_ids: Sequence[int]) -> dict[int, list[ProbabilityRecord]]:
        """Each run's distributions by split, with the scores at each threshold in order."""
        query = select(ProbabilityRow).where(among(ProbabilityRow.run_id, run_ids)).order_by(ProbabilityRow.id)
        scores = select(ThresholdScoreRow).order_by(ThresholdScoreRow.probability_id, ThresholdScoreRow.threshold)
        found: defaultdict[int, list[ProbabilityRecord]] = defaultdict(list)
        with reading(self._engine) as session:
            rows = session.scalars(query).all()
            listed = session.scalars(scores.where(among(ThresholdScoreRow.probability_id, [row.id for row in rows])))
            by_row = {key: list(group) for key, group in groupby(listed, key=lambda score: score.probability_id)}
            for row in rows:
                found[row.run_id].append(rows_to_records.probability_record(row, by_row.get(row.id, ())))
        return dict(found)

    def runs_with_predictions(self, run_ids: Sequence[int]) -> set[int]:
        """Those of the runs that predictions of sample images are recorded of."""
        query = select(PredictionRow.run_id).where(among(PredictionRow.run_id, run_ids)).distinct()
        with reading(self._engine) as session:
            return set(session.scalars(query))

    def predictions(self, run_ids: Sequence[int]) -> dict[int, list[tuple[SampleRecord, PredictionRecord]]]:
        """Each run's sample images with what it predicted, pictures and all: ask for few runs at once."""
        query = (
            select(
                PredictionRow.run_id,
                SampleRow.image_id,
                SampleRow.size_px,
                SampleRow.image_jpeg,
                SampleRow.mask_png,
                PredictionRow.probabilities_png,
            )
            .join(SampleRow, SampleRow.id == PredictionRow.sample_id)
            .where(among(PredictionRow.run_id, run_ids))
            .order_by(PredictionRow.run_id, SampleRow.id)
        )
        found: defaultdict[int, list[tuple[SampleRecord, PredictionRecord]]] = defaultdict(list)
        with reading(self._engine) as session:
            for row in session.execute(query):
                found[row.run_id].append(rows_to_records.sample_and_prediction(*row[1:]))
        return dict(found)

    def environments(self, run_ids: Sequence[int]) -> dict[int, EnvironmentRecord]:
        """What each run ran on; a run that has not begun is absent, runs on the same machine share a record."""
        query = (
            select(RunRow.id, EnvironmentRow)
            .join(EnvironmentRow, RunRow.environment_id == EnvironmentRow.id)
            .where(among(RunRow.id, run_ids))
            .order_by(RunRow.id)
        )
        with reading(self._engine) as session:
            rows = session.execute(query).all()
            records = {row.id: rows_to_records.environment_record(row) for row in {row for _, row in rows}}
            return {run_id: records[row.id] for run_id, row in rows}

    def artifacts(self, run_id: int) -> list[ArtifactRecord]:
        with reading(self._engine) as session:
            rows = session.scalars(select(ArtifactRow).where(ArtifactRow.run_id == run_id).order_by(ArtifactRow.id))
            return [rows_to_records.artifact_record(row) for row in rows]

    def artifacts_by_run(self) -> dict[int, list[ArtifactRecord]]:
        """Every run's files that are on record; a run without any is absent."""
        found: defaultdict[int, list[ArtifactRecord]] = defaultdict(list)
        with reading(self._engine) as session:
            for row in session.scalars(select(ArtifactRow).order_by(ArtifactRow.id)):
                found[row.run_id].append(rows_to_records.artifact_record(row))
        return dict(found)

    def view_rows(self, view: View, *, run_ids: Sequence[int] | None = None) -> ViewRows:
        """A view for people, all of it or some runs' rows."""
        with reading(self._engine) as session:
            return view_rows(session, view, run_ids)

    def datasets(self) -> dict[str, DatasetRecord]:
        """Every dataset by its fingerprint."""
        with reading(self._engine) as session:
            return {row.fingerprint: rows_to_records.dataset_record(row) for row in session.scalars(select(DatasetRow))}

    def dataset_images(self, fingerprint: str) -> list[DatasetImage]:
        """What identifies the images of a dataset, by split and id; empty where that was not recorded."""
        query = (
            select(DatasetImageRow)
            .join(DatasetRow, DatasetRow.id == DatasetImageRow.dataset_id)
            .where(DatasetRow.fingerprint == fingerprint)
        )
        with reading(self._engine) as session:
            ordered = query.order_by(DatasetImageRow.split, in_byte_order(session, DatasetImageRow.image_id))
            return [rows_to_records.dataset_image(row) for row in session.scalars(ordered)]

    # Copying

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A writing transaction of its own, for rows that come from another database; it is not done again."""
        with writing(self._engine) as session:
            yield session.connection()

    def contents_mark(self) -> str:
        """A text that is another one once something was recorded that a report shows; a training's steps are not."""
        with reading(self._engine) as session:
            return contents_mark.contents_mark(session)

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


def _image_scores(session: Session, evaluation_ids: Sequence[int]) -> dict[int, tuple[ImageScore, ...]]:
    query = (
        select(ImageScoreRow)
        .where(among(ImageScoreRow.evaluation_id, evaluation_ids))
        .order_by(ImageScoreRow.evaluation_id, in_byte_order(session, ImageScoreRow.image_id))
    )
    by_evaluation = groupby(session.scalars(query), key=lambda row: row.evaluation_id)
    return {key: tuple(rows_to_records.image_score(row) for row in rows) for key, rows in by_evaluation}
