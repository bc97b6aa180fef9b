"""Asking for runs: what is completed is skipped, what somebody is at is shared, the rest is queued."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from isicbench.config import Config
from isicbench.records import DatasetImage, DatasetRecord, RunStatus, StudyRecord
from isicbench.store.schema import DatasetImageRow, DatasetRow, ExperimentRow, RunRow, StudyRow, StudyRunRow

CONFIG_COLUMNS = (
    "encoder",
    "decoder",
    "weights",
    "weights_sha256",
    "frozen",
    "image_size_px",
    "epochs",
    "batch_size",
    "learning_rate",
    "augmentation",
    "threshold",
    "validate_on",
    "threshold_rule",
    "data_seed",
    "precision",
    "compile",
    "predictions_sha256",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """One run of a study that is being asked for; without a name the experiment keeps or gets its default one."""

    config: Config
    seed: int
    dataset: DatasetRecord
    name: str | None = None


def add_study(session: Session, command: str, requests: Sequence[RunRequest], *, force: bool) -> StudyRecord:
    """Within one transaction, so that two studies at once agree on which runs there are."""
    study = StudyRow(command=command, created_at=_now())
    session.add(study)
    session.flush()
    run_ids: list[int] = []
    skipped: list[int] = []
    for request in requests:
        run, is_done = _find_or_queue(session, request, force=force)
        if run.id in run_ids:
            continue
        link = StudyRunRow(study_id=study.id, run_id=run.id, position=len(run_ids), skipped=is_done)
        session.add(link)
        run_ids.append(run.id)
        if is_done:
            skipped.append(run.id)
    return StudyRecord(
        id=study.id,
        command=command,
        created_at=study.created_at,
        run_ids=tuple(run_ids),
        skipped_ids=tuple(skipped),
    )


def add_external(session: Session, request: RunRequest, *, seconds: float, force: bool) -> tuple[int, bool]:
    """A completed run for masks that another tool predicted, and whether it was there before; `seconds` its scoring
    took. A completed one of the same config is taken unless `force`."""
    experiment = _experiment(session, request)
    if not force and (done := completed_run(session, request.config)):
        return done, True
    now = _now()
    run = RunRow(
        uid=uuid.uuid4().hex,
        experiment_id=experiment.id,
        seed=request.seed,
        status=RunStatus.COMPLETED.value,
        created_at=now,
        started_at=now - timedelta(seconds=seconds),
        finished_at=now,
    )
    session.add(run)
    session.flush()
    return run.id, False


def completed_run(session: Session, config: Config) -> int | None:
    """The newest completed run of a config, whatever its seed."""
    return session.scalar(
        select(RunRow.id)
        .join(ExperimentRow, ExperimentRow.id == RunRow.experiment_id)
        .where(ExperimentRow.config_hash == config.config_hash, RunRow.status == RunStatus.COMPLETED.value)
        .order_by(RunRow.id.desc())
        .limit(1)
    )


def _find_or_queue(session: Session, request: RunRequest, *, force: bool) -> tuple[RunRow, bool]:
    """The run for a request, and whether it is completed already."""
    experiment = _experiment(session, request)
    runs = session.scalars(
        select(RunRow)
        .where(RunRow.experiment_id == experiment.id, RunRow.seed == request.seed)
        .order_by(RunRow.id.desc())
    ).all()
    if not force and (completed := _latest(runs, RunStatus.COMPLETED)):
        return completed, True
    if shared := _latest(runs, RunStatus.QUEUED, RunStatus.RUNNING):
        return shared, False
    if interrupted := _latest(runs, RunStatus.INTERRUPTED):
        interrupted.status = RunStatus.QUEUED.value
        interrupted.finished_at = None
        return interrupted, False
    retried = _latest(runs[:1], RunStatus.FAILED, RunStatus.DIVERGED)
    return _queue(session, experiment, request.seed, retry_of=retried), False


def _latest(runs: Sequence[RunRow], *statuses: RunStatus) -> RunRow | None:
    """The first of `runs`, newest first, that has one of the statuses."""
    return next((run for run in runs if run.status in statuses), None)


def _queue(session: Session, experiment: ExperimentRow, seed: int, *, retry_of: RunRow | None) -> RunRow:
    run = RunRow(
        uid=uuid.uuid4().hex,
        experiment_id=experiment.id,
        seed=seed,
        status=RunStatus.QUEUED.value,
        retry_of=retry_of.id if retry_of else None,
        created_at=_now(),
    )
    session.add(run)
    session.flush()
    return run


def _experiment(session: Session, request: RunRequest) -> ExperimentRow:
    config_hash = request.config.config_hash
    experiment = session.scalar(select(ExperimentRow).where(ExperimentRow.config_hash == config_hash))
    if experiment is None:
        values = request.config.to_dict()
        experiment = ExperimentRow(
            config_hash=config_hash,
            name=request.name or request.config.default_name,
            dataset_id=find_or_add_dataset(session, request.dataset).id,
            config=values,
            **{name: values[name] for name in CONFIG_COLUMNS},
        )
        session.add(experiment)
    elif request.name:
        experiment.name = request.name
    session.flush()
    return experiment


def find_or_add_dataset(session: Session, record: DatasetRecord) -> DatasetRow:
    dataset = session.scalar(select(DatasetRow).where(DatasetRow.fingerprint == record.fingerprint))
    if dataset is None:
        values = asdict(record)
        del values["images"]
        dataset = DatasetRow(**values)
        session.add(dataset)
        session.flush()
    _add_images(session, dataset, record.images)
    return dataset


def _add_images(session: Session, dataset: DatasetRow, images: Sequence[DatasetImage]) -> None:
    """Once for a dataset, which a fingerprint identifies; one recorded by an earlier version has none yet."""
    known = select(DatasetImageRow.image_id).where(DatasetImageRow.dataset_id == dataset.id).limit(1)
    if images and session.scalar(known) is None:
        session.execute(insert(DatasetImageRow), [{"dataset_id": dataset.id} | asdict(image) for image in images])


def _now() -> datetime:
    return datetime.now(UTC)
