"""New attempts of runs whose worker died, and runs that go on."""

import uuid
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, aliased

from isicbench.records import RunStatus
from isicbench.store.schema import RunRow, StudyRunRow
from isicbench.store.selection import among


def retry_dead(
    session: Session, study_id: int, *, kinds: Collection[str], retries: int, run_ids: Collection[int] | None = None
) -> list[int]:
    """Within one transaction, so that two commands that share a run agree on its next attempt.

    The attempt belongs to every study that asked for the run, at its end.
    """
    dead = to_retry(session, study_id, kinds=kinds, retries=retries, run_ids=run_ids)
    return [_queue_attempt(session, run) for run in dead]


def to_retry(
    session: Session, study_id: int, *, kinds: Collection[str], retries: int, run_ids: Collection[int] | None = None
) -> list[RunRow]:
    """The runs that `retry_dead` would queue an attempt of, in the study's order; reads few rows, however many runs
    the study has."""
    return [
        run
        for run in failed_for_good(session, study_id, kinds=kinds)
        if (run_ids is None or run.id in run_ids) and _attempts_before(session, run, study_id, most=retries) < retries
    ]


def queue_again(session: Session, run_ids: Sequence[int]) -> None:
    """Those of the runs that are interrupted."""
    interrupted = among(RunRow.id, run_ids), RunRow.status == RunStatus.INTERRUPTED.value
    again = {"status": RunStatus.QUEUED.value, "finished_at": None}
    session.execute(update(RunRow).where(*interrupted).values(again))


def failed_for_good(session: Session, study_id: int, *, kinds: Collection[str]) -> list[RunRow]:
    """The study's runs that failed by one of `kinds`, and that no attempt within it retries; in its order."""
    attempt = aliased(RunRow)
    retried = (
        select(attempt.id)
        .join(StudyRunRow, StudyRunRow.run_id == attempt.id)
        .where(StudyRunRow.study_id == study_id, attempt.retry_of == RunRow.id)
    )
    return list(
        session.scalars(
            select(RunRow)
            .join(StudyRunRow, StudyRunRow.run_id == RunRow.id)
            .where(StudyRunRow.study_id == study_id, RunRow.status == RunStatus.FAILED.value)
            .where(RunRow.failure_kind.in_(list(kinds)), ~retried.exists())
            .order_by(StudyRunRow.position)
        )
    )


def _attempts_before(session: Session, run: RunRow, study_id: int, *, most: int) -> int:
    """How many of the study's runs this one is a retry of; counts no further than `most`."""
    before = select(RunRow).join(StudyRunRow, StudyRunRow.run_id == RunRow.id).where(StudyRunRow.study_id == study_id)
    count = 0
    while count < most and (retried := session.scalar(before.where(RunRow.id == run.retry_of))):
        run, count = retried, count + 1
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
