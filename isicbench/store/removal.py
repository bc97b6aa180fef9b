"""Removing runs, and what nothing refers to any more."""

from collections.abc import Sequence

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from isicbench.errors import StoreError
from isicbench.records import RunStatus
from isicbench.store.schema import (
    ArtifactRow,
    DatasetRow,
    EnvironmentRow,
    EvaluationRow,
    ExperimentRow,
    PredictionRow,
    RunRow,
    SampleRow,
    StudyRow,
    StudyRunRow,
)
from isicbench.store.selection import among


def remove_runs(session: Session, run_ids: Sequence[int]) -> None:
    """Remove runs with their rows in every table; raises `StoreError` for one that is running."""
    running = session.scalars(
        select(RunRow.id).where(among(RunRow.id, run_ids), RunRow.status == RunStatus.RUNNING.value)
    ).all()
    if running:
        raise StoreError(
            f"run {running[0]} is running", hint="Stop it first: Ctrl-C in its terminal, or end its process."
        )
    session.execute(delete(RunRow).where(among(RunRow.id, run_ids)))
    remove_unreferenced(session)


def forget_files(
    session: Session, run_ids: Sequence[int], *, artifact_paths: Sequence[str], logs_of: Sequence[int]
) -> frozenset[int]:
    """Drop the rows of artifacts and the names of logs, of runs that are neither queued nor running; gives those."""
    busy = (RunStatus.QUEUED.value, RunStatus.RUNNING.value)
    idle = session.scalars(select(RunRow.id).where(among(RunRow.id, run_ids), RunRow.status.not_in(busy))).all()
    paths = set(artifact_paths)
    for artifact in session.scalars(select(ArtifactRow).where(among(ArtifactRow.run_id, idle))).all():
        if artifact.path in paths:
            session.delete(artifact)
    logs = sorted(set(idle) & set(logs_of))
    session.execute(update(RunRow).where(among(RunRow.id, logs)).values(log_path=""))
    return frozenset(idle)


def remove_unreferenced(session: Session) -> None:
    """Experiments, studies, samples, environments and datasets that no run needs."""
    unneeded = (
        (StudyRow, StudyRunRow.study_id == StudyRow.id),
        (ExperimentRow, RunRow.experiment_id == ExperimentRow.id),
        (SampleRow, PredictionRow.sample_id == SampleRow.id),
        (EnvironmentRow, RunRow.environment_id == EnvironmentRow.id),
    )
    for table, refers in unneeded:
        session.execute(delete(table).where(~exists().where(refers)).execution_options(synchronize_session=False))
    trained_on = exists().where(ExperimentRow.dataset_id == DatasetRow.id)
    scored_on = exists().where(EvaluationRow.dataset_fingerprint == DatasetRow.fingerprint)
    unused = delete(DatasetRow).where(~trained_on, ~scored_on)
    session.execute(unused.execution_options(synchronize_session=False))
