"""What the store gives: frozen records, each method from one state of the database."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session

from isicbench.config import Config
from isicbench.errors import StoreError
from isicbench.records import (
    ArtifactRecord,
    CostRecord,
    DatasetImage,
    DatasetRecord,
    EnvironmentRecord,
    EpochRecord,
    EvaluationRecord,
    ImageMetric,
    ImageScore,
    PredictionRecord,
    ProbabilityRecord,
    QueuedRun,
    RunningRun,
    RunRecord,
    RunStatus,
    SampleRecord,
    StudyRecord,
)
from isicbench.store import contents_mark, cost_files, image_metrics, plugin_metrics, rows_to_records, studies
from isicbench.store.engine import open_engine, reading
from isicbench.store.reconnecting import methods_across_restarts
from isicbench.store.schema import (
    ArtifactRow,
    DatasetImageRow,
    DatasetRow,
    EnvironmentRow,
    EpochRow,
    EvaluationRow,
    ExperimentRow,
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
from isicbench.store.urls import files_folder, full_url, shown_url
from isicbench.store.view_rows import View, ViewRows, view_rows


@methods_across_restarts
class ReadingStore:
    """A database to read. Every method sees one state of it.

    Where a server is away for a while, each waits for it.
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

    def queued_runs(self, study_id: int, *, limit: int) -> list[QueuedRun]:
        """The study's next queued runs, in its order; thousands of them cost little."""
        query = (
            select(RunRow.id, RunRow.experiment_id, RunRow.seed, RunRow.retry_of)
            .join(StudyRunRow, StudyRunRow.run_id == RunRow.id)
            .where(StudyRunRow.study_id == study_id, RunRow.status == RunStatus.QUEUED.value)
            .order_by(StudyRunRow.position)
            .limit(limit)
        )
        with reading(self._engine) as session:
            rows = session.execute(query).all()
            experiments = among(ExperimentRow.id, list({row.experiment_id for row in rows}))
            found = session.execute(select(ExperimentRow.id, ExperimentRow.config).where(experiments))
            configs = {experiment_id: Config.from_dict(config) for experiment_id, config in found}
            return [
                QueuedRun(id=row.id, config=configs[row.experiment_id], seed=row.seed, retry_of=row.retry_of)
                for row in rows
            ]

    def statuses(self, run_ids: Sequence[int]) -> dict[int, RunStatus]:
        """Of those of the runs that are there; whoever follows a study asks twice a second, so nothing else is read."""
        query = select(RunRow.id, RunRow.status).where(among(RunRow.id, run_ids))
        with reading(self._engine) as session:
            return {run_id: RunStatus(status) for run_id, status in session.execute(query)}

    def completed_run(self, config: Config) -> RunRecord | None:
        """The newest completed run of a config, whatever its seed."""
        with reading(self._engine) as session:
            run_id = studies.completed_run(session, config)
        return None if run_id is None else self.run(run_id)

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

    def heartbeats(self) -> list[RunningRun]:
        """Of every running run, by number; a scheduler asks twice a second, so nothing else is read."""
        columns = (RunRow.id, RunRow.host, RunRow.pid, RunRow.process_started, RunRow.slot, RunRow.heartbeat_at)
        query = select(*columns).where(RunRow.status == RunStatus.RUNNING.value).order_by(RunRow.id)
        with reading(self._engine) as session:
            return [
                RunningRun(id=row.id, owner=rows_to_records.owner(row), heartbeat_at=row.heartbeat_at)
                for row in session.execute(query)
            ]

    def seconds_an_epoch(self) -> dict[tuple[object, ...], float]:
        """Mean training time an epoch of the completed runs, by dataset, encoder, decoder, frozen or not, and size."""
        alike = (
            DatasetRow.fingerprint,
            ExperimentRow.encoder,
            ExperimentRow.decoder,
            ExperimentRow.frozen,
            ExperimentRow.image_size_px,
        )
        query = (
            select(*alike, func.avg(RunRow.train_seconds / ExperimentRow.epochs))
            .join(ExperimentRow, ExperimentRow.id == RunRow.experiment_id)
            .join(DatasetRow, DatasetRow.id == ExperimentRow.dataset_id)
            .where(RunRow.status == RunStatus.COMPLETED.value, RunRow.train_seconds.is_not(None))
            .group_by(*alike)
        )
        with reading(self._engine) as session:
            return {tuple(row[:-1]): row[-1] for row in session.execute(query)}

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
            numbers = [row.id for row in rows]
            scores = _image_scores(session, numbers) if with_image_scores else {}
            metrics = plugin_metrics.plugin_metrics(session, numbers, with_values=with_image_scores)
            for row in rows:
                record = rows_to_records.evaluation_record(row, scores.get(row.id, ()), metrics.get(row.id, ()))
                found[row.run_id].append(record)
        return dict(found)

    def image_metric(
        self, run_ids: Sequence[int], *, metric: str, split: str, resolution: str
    ) -> dict[int, ImageMetric]:
        """One metric (a score of `ImageScore`, or another package's by its name) of each run's own evaluation, image by
        image, and nothing else.

        A run without image scores of that split and resolution is absent.
        """
        with reading(self._engine) as session:
            return image_metrics.image_metric(session, run_ids, metric=metric, split=split, resolution=resolution)

    def image_metric_of(self, evaluations: Mapping[int, EvaluationRecord], *, metric: str) -> dict[int, ImageMetric]:
        """One metric of one recorded evaluation of each run, image by image; a run without image scores is absent."""
        with reading(self._engine) as session:
            return image_metrics.image_metric_of(session, evaluations, metric=metric)

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

    def gpu_peaks(self) -> list[tuple[Config, float]]:
        """Configs that were trained on a GPU, each with the most of its memory that a run has taken, in MiB."""
        query = (
            select(func.max(RunRow.id), func.max(RunRow.peak_memory_mib))
            .join(EnvironmentRow, RunRow.environment_id == EnvironmentRow.id)
            .where(EnvironmentRow.device != "cpu", RunRow.peak_memory_mib.is_not(None))
            .group_by(RunRow.experiment_id)
        )
        with reading(self._engine) as session:
            peaks = {run_id: float(peak) for run_id, peak in session.execute(query) if peak is not None}
            rows = session.scalars(select(RunRow).where(among(RunRow.id, list(peaks))).order_by(RunRow.id))
            return [(run.config, peaks[run.id]) for run in rows_to_records.run_records(rows)]

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

    def costs(self, run_ids: Sequence[int]) -> dict[int, CostRecord]:
        """What each run's network costs, from the runs' own files; a run whose file is not here is absent."""
        query = select(ArtifactRow).where(ArtifactRow.kind == cost_files.KIND, among(ArtifactRow.run_id, run_ids))
        with reading(self._engine) as session:
            paths = {row.run_id: self.folder.parent / row.path for row in session.scalars(query)}
        return {run_id: cost_files.read_costs(path) for run_id, path in paths.items() if path.is_file()}

    def view_rows(self, view: View, *, run_ids: Sequence[int] | None = None) -> ViewRows:
        """A view for people, all of it or some runs' rows."""
        with reading(self._engine) as session:
            return view_rows(session, view, run_ids)

    def datasets(self) -> dict[str, DatasetRecord]:
        """Every dataset by its fingerprint."""
        validation = (
            select(DatasetImageRow.dataset_id, func.count())
            .where(DatasetImageRow.split == "validation")
            .group_by(DatasetImageRow.dataset_id)
        )
        with reading(self._engine) as session:
            counts = {dataset_id: int(count) for dataset_id, count in session.execute(validation)}
            return {
                row.fingerprint: rows_to_records.dataset_record(row, validation_count=counts.get(row.id, 0))
                for row in session.scalars(select(DatasetRow))
            }

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

    def contents_mark(self) -> str:
        """A text that is another one once something was recorded that a report shows; a training's steps are not."""
        with reading(self._engine) as session:
            return contents_mark.contents_mark(session)


def _image_scores(session: Session, evaluation_ids: Sequence[int]) -> dict[int, tuple[ImageScore, ...]]:
    query = (
        select(ImageScoreRow)
        .where(among(ImageScoreRow.evaluation_id, evaluation_ids))
        .order_by(ImageScoreRow.evaluation_id, in_byte_order(session, ImageScoreRow.image_id))
    )
    by_evaluation = groupby(session.scalars(query), key=lambda row: row.evaluation_id)
    return {key: tuple(rows_to_records.image_score(row) for row in rows) for key, rows in by_evaluation}
