"""What a worker writes about its run. A number that is not finite becomes NULL."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from isicbench.records import (
    WHAT_WAS_SCORED,
    ArtifactRecord,
    Diagnosis,
    EnvironmentRecord,
    EpochRecord,
    EvaluationRecord,
    Failure,
    ImageScore,
    Owner,
    PredictionRecord,
    ProbabilityRecord,
    RunStatus,
    SampleRecord,
    StepRecord,
    ThresholdScore,
)
from isicbench.store.finite import finite
from isicbench.store.plugin_metrics import record_plugin_metrics
from isicbench.store.reconnecting import moment
from isicbench.store.schema import (
    ArtifactRow,
    DiagnosisRow,
    EnvironmentRow,
    EpochRow,
    EvaluationRow,
    ExperimentRow,
    ImageScoreRow,
    PredictionRow,
    ProbabilityRow,
    RunRow,
    SampleRow,
    ThresholdScoreRow,
)


def claim(
    session: Session, run_id: int, owner: Owner, *, log_path: str, epochs_kept: int = 0, continues: int | None = None
) -> int | None:
    """Take a queued run; None if it is not queued any more, unless this very call took it before a connection broke.

    Of what an interrupted try recorded, the first `epochs_kept` epochs stay, and those of the attempt that it
    `continues` are copied.
    """
    claimed = session.execute(
        update(RunRow)
        .where(RunRow.id == run_id, RunRow.status == RunStatus.QUEUED.value)
        .values(
            status=RunStatus.RUNNING.value,
            started_at=moment(),
            heartbeat_at=_now(),
            log_path=log_path,
            epoch=epochs_kept,
            step=0,
            steps=0,
            **asdict(owner),
        )
        .returning(RunRow.id)
    ).scalar()
    if claimed is None:
        mine = select(RunRow.id).filter_by(id=run_id, status=RunStatus.RUNNING.value, started_at=moment())
        return session.scalar(mine.filter_by(**asdict(owner)))
    session.execute(delete(EpochRow).where(EpochRow.run_id == run_id, EpochRow.epoch > epochs_kept))
    if continues is not None:
        _copy_epochs(session, continues, run_id, last=epochs_kept)
    return claimed


def _copy_epochs(session: Session, from_run: int, to_run: int, *, last: int) -> None:
    rows = session.scalars(select(EpochRow).where(EpochRow.run_id == from_run, EpochRow.epoch <= last)).all()
    columns = [column.key for column in EpochRow.__table__.columns]
    for row in rows:
        session.merge(EpochRow(**{name: getattr(row, name) for name in columns} | {"run_id": to_run}))


def record_progress(session: Session, run_id: int, step: StepRecord) -> None:
    _beat(session, run_id, epoch=step.epoch, step=step.step, steps=step.steps)


def record_epoch(session: Session, run_id: int, epoch: EpochRecord) -> None:
    session.merge(EpochRow(run_id=run_id, **finite(asdict(epoch))))
    _beat(session, run_id, epoch=epoch.epoch)


def record_environment(session: Session, run_id: int, environment: EnvironmentRecord) -> None:
    """Runs on the same machine with the same packages share one row."""
    values = asdict(environment)
    content_hash = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
    row = session.scalar(select(EnvironmentRow).where(EnvironmentRow.content_hash == content_hash))
    if row is None:
        row = EnvironmentRow(content_hash=content_hash, **values)
        session.add(row)
        session.flush()
    session.execute(update(RunRow).where(RunRow.id == run_id).values(environment_id=row.id))


def record_evaluation(session: Session, run_id: int, evaluation: EvaluationRecord) -> None:
    """One row for the whole and one an image; a repeated evaluation replaces the earlier one."""
    same = {"run_id": run_id} | {name: getattr(evaluation, name) for name in WHAT_WAS_SCORED}
    session.execute(delete(EvaluationRow).filter_by(**same))
    values = asdict(replace(evaluation, image_scores=(), plugin_metrics=()))
    del values["image_scores"], values["plugin_metrics"]
    row = EvaluationRow(run_id=run_id, created_at=_now(), **finite(values))
    session.add(row)
    session.flush()
    if evaluation.image_scores:
        scores = [{"evaluation_id": row.id, **finite(_fields(score))} for score in evaluation.image_scores]
        session.execute(insert(ImageScoreRow), scores)
    record_plugin_metrics(session, row.id, evaluation.plugin_metrics)


def record_probabilities(session: Session, run_id: int, record: ProbabilityRecord) -> None:
    """Replaces what was recorded of the same split and data."""
    same = {"run_id": run_id, "split": record.split, "dataset_fingerprint": record.dataset_fingerprint}
    session.execute(delete(ProbabilityRow).filter_by(**same))
    row = ProbabilityRow(**same, positives=list(record.positives), negatives=list(record.negatives))
    session.add(row)
    session.flush()
    if record.threshold_scores:
        scores = [{"probability_id": row.id, **finite(_fields(score))} for score in record.threshold_scores]
        session.execute(insert(ThresholdScoreRow), scores)


def record_diagnoses(session: Session, run_id: int, diagnoses: Sequence[Diagnosis]) -> None:
    """All of a run's diagnoses, in place of what was said before."""
    session.execute(delete(DiagnosisRow).where(DiagnosisRow.run_id == run_id))
    for diagnosis in diagnoses:
        evidence = finite(dict(diagnosis.evidence))
        session.add(
            DiagnosisRow(
                run_id=run_id,
                kind=diagnosis.kind,
                message=diagnosis.message,
                advice=diagnosis.advice,
                evidence=evidence,
            )
        )


def record_predictions(
    session: Session, run_id: int, samples: Sequence[SampleRecord], predictions: Sequence[PredictionRecord]
) -> None:
    dataset_id = session.scalars(
        select(ExperimentRow.dataset_id)
        .join(RunRow, RunRow.experiment_id == ExperimentRow.id)
        .where(RunRow.id == run_id)
    ).one()
    sample_ids = {sample.image_id: _sample_id(session, dataset_id, sample) for sample in samples}
    for prediction in predictions:
        session.merge(
            PredictionRow(
                run_id=run_id,
                sample_id=sample_ids[prediction.image_id],
                probabilities_png=prediction.probabilities_png,
            )
        )


def record_artifact(session: Session, run_id: int, artifact: ArtifactRecord) -> None:
    session.execute(delete(ArtifactRow).where(ArtifactRow.run_id == run_id, ArtifactRow.kind == artifact.kind))
    session.add(ArtifactRow(run_id=run_id, **asdict(artifact)))


def finish(
    session: Session, run_id: int, status: RunStatus, *, failure: Failure | None, figures: Mapping[str, float | None]
) -> bool:
    """Leave `running` or `queued`; False if the run had left it before this call."""
    failed = {f"failure_{name}": value for name, value in asdict(failure).items()} if failure else {}
    changed = session.execute(
        update(RunRow)
        .where(RunRow.id == run_id, RunRow.status.in_([RunStatus.RUNNING.value, RunStatus.QUEUED.value]))
        .values(status=status.value, finished_at=moment(), **finite(dict(figures)), **failed)
        .returning(RunRow.id)
    ).scalar()
    mine = select(RunRow.id).filter_by(id=run_id, status=status.value, finished_at=moment())
    return changed is not None or session.scalar(mine) is not None


def _fields(score: ImageScore | ThresholdScore) -> dict[str, Any]:
    """Like `asdict`, which copies what needs no copy, hundreds of times while other writers wait."""
    return {field.name: getattr(score, field.name) for field in fields(score)}


def _sample_id(session: Session, dataset_id: int, sample: SampleRecord) -> int:
    key = {"dataset_id": dataset_id, "image_id": sample.image_id, "size_px": sample.size_px}
    row = session.scalar(select(SampleRow).filter_by(**key))
    if row is None:
        row = SampleRow(**key, image_jpeg=sample.image_jpeg, mask_png=sample.mask_png)
        session.add(row)
        session.flush()
    return row.id


def _beat(session: Session, run_id: int, **progress: int) -> None:
    session.execute(update(RunRow).where(RunRow.id == run_id).values(heartbeat_at=_now(), **progress))


def _now() -> datetime:
    return datetime.now(UTC)
