"""New attempts of runs whose worker died, and runs that go on."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from isicbench.records import RunStatus
from isicbench.store.schema import RunRow, StudyRunRow
from isicbench.store.selection import among


def retry_dead(
    session: Session, study_id: int, *, kinds: Collection[str], retries: int, run_ids: Collection[int] | None = None
) -> list[int]:
    """Within one transaction, so that two commands that share a run agree on its next attempt.

    The attempt belongs to every study that asked for the run, at its end.
    """
    if not _failed(session, study_id, kinds):
        return []
    runs = _study_runs(session, study_id)
    retried = {run.retry_of for run in runs.values()}
    return [
        _queue_attempt(session, run)
        for run in _failed(session, study_id, kinds)
        if run.id not in retried and (run_ids is None or run.id in run_ids) and _attempts_before(run, runs) < retries
    ]


def queue_again(session: Session, run_ids: Sequence[int]) -> None:
    """Those of the runs that are interrupted."""
    interrupted = among(RunRow.id, run_ids), RunRow.status == RunStatus.INTERRUPTED.value
    again = {"status": RunStatus.QUEUED.value, "finished_at": None}
    session.execute(update(RunRow).where(*interrupted).values(again))


def _failed(session: Session, study_id: int, kinds: Collection[str]) -> list[RunRow]:
    return list(
        session.scalars(
            select(RunRow)
            .join(StudyRunRow, StudyRunRow.run_id == RunRow.id)
            .where(StudyRunRow.study_id == study_id, RunRow.status == RunStatus.FAILED.value)
            .where(RunRow.failure_kind.in_(list(kinds)))
            .order_by(StudyRunRow.position)
        )
    )


def _study_runs(session: Session, study_id: int) -> dict[int, RunRow]:
    joined = select(RunRow).join(StudyRunRow, StudyRunRow.run_id == RunRow.id)
    return {run.id: run for run in session.scalars(joined.where(StudyRunRow.study_id == study_id))}


def _attempts_before(run: RunRow, runs: Mapping[int, RunRow]) -> int:
    """How many of the study's runs this one is a retry of."""
    count = 0
    while run.retry_of is not None and run.retry_of in runs:
        run, count = runs[run.retry_of], count + 1
    return count


def _queue_attempt(session: Session, run: RunRow) -> int:
    attempt = RunRow(
        uid=uuid.uuid4().hex,
        experiment_id=run.experiment_id,
        seed=run.seed,
        status=RunStatus.QUEUED.value,
        retry_of=run.id,
        created_at=datetime.now(UTC),
    )
    session.add(attempt)
    session.flush()
    for study_id in session.scalars(select(StudyRunRow.study_id).where(StudyRunRow.run_id == run.id)).all():
        last = session.scalar(select(func.max(StudyRunRow.position)).where(StudyRunRow.study_id == study_id)) or 0
        session.add(StudyRunRow(study_id=study_id, run_id=attempt.id, position=last + 1, skipped=False))
    session.flush()
    return attempt.id
