"""Asking for runs: what is completed is skipped, what somebody is at is shared, the rest is queued."""

import uuid
from collections.abc import Collection, Sequence
from datetime import timedelta

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from isicbench.config import Config
from isicbench.records import RunStatus, StudyRecord
from isicbench.store.asked_runs import find_or_queue
from isicbench.store.experiments import RunRequest, add_experiments
from isicbench.store.reconnecting import moment
from isicbench.store.schema import ExperimentRow, RunRow, StudyRow, StudyRunRow
from isicbench.store.selection import among

__all__ = ["RunRequest", "add_external", "add_study", "completed_run"]


def add_study(
    session: Session, command: str, requests: Sequence[RunRequest], *, force: bool, tags: Sequence[str] = ()
) -> StudyRecord:
    """Within one transaction, so that two studies at once agree on which runs there are.

    The number of statements does not grow with the requests, but for some thousand rows a statement.
    """
    if done := session.scalar(select(StudyRow).filter_by(command=command, created_at=moment())):
        return study_record(session, done)  # by this very call, before the connection broke
    study = StudyRow(command=command, created_at=moment(), tags="\n".join(tags))
    session.add(study)
    session.flush()
    experiments = add_experiments(session, requests)
    wanted = dict.fromkeys((experiments[request.config.config_hash], request.seed) for request in requests)
    found = find_or_queue(session, list(wanted), force=force)
    links = [
        {"study_id": study.id, "run_id": run.run_id, "position": position, "skipped": run.is_completed}
        for position, run in enumerate(found)
    ]
    if links:
        session.execute(insert(StudyRunRow), links)
    return StudyRecord(
        id=study.id,
        command=command,
        created_at=study.created_at,
        run_ids=tuple(run.run_id for run in found),
        skipped_ids=tuple(run.run_id for run in found if run.is_completed),
        tags=tuple(tags),
    )


def extend_study(session: Session, study_id: int, requests: Sequence[RunRequest]) -> None:
    """Ask for more runs of a study that is there, under the same rules; those that it has already stay as they are."""
    experiments = add_experiments(session, requests)
    wanted = dict.fromkeys((experiments[request.config.config_hash], request.seed) for request in requests)
    links = session.scalars(select(StudyRunRow).where(StudyRunRow.study_id == study_id))
    positions = {link.run_id: link.position for link in links}
    new = [run for run in find_or_queue(session, list(wanted), force=False) if run.run_id not in positions]
    first = max(positions.values(), default=-1) + 1
    for position, run in enumerate(new, start=first):
        link = StudyRunRow(study_id=study_id, run_id=run.run_id, position=position, skipped=run.is_completed)
        session.add(link)


def study_record(session: Session, study: StudyRow) -> StudyRecord:
    """With its runs in the order of the grid."""
    query = select(StudyRunRow.run_id, StudyRunRow.skipped).where(StudyRunRow.study_id == study.id)
    links = session.execute(query.order_by(StudyRunRow.position)).all()
    return StudyRecord(
        id=study.id,
        command=study.command,
        created_at=study.created_at,
        run_ids=tuple(link.run_id for link in links),
        skipped_ids=tuple(link.run_id for link in links if link.skipped),
        tags=tuple(study.tags.splitlines()),
    )


def tagged_runs(session: Session, tags: Collection[str]) -> list[int]:
    """Runs of studies that have one of the tags."""
    tagged = [
        study for study, own in session.execute(select(StudyRow.id, StudyRow.tags)) if set(own.splitlines()) & set(tags)
    ]
    return list(session.scalars(select(StudyRunRow.run_id).where(among(StudyRunRow.study_id, tagged)).distinct()))


def add_external(session: Session, request: RunRequest, *, seconds: float, force: bool) -> tuple[int, bool]:
    """A completed run for masks that another tool predicted, and whether it was there before; `seconds` its scoring
    took. A completed one of the same config is taken unless `force`."""
    [experiment_id] = add_experiments(session, [request]).values()
    now = moment()
    if done := session.scalar(select(RunRow.id).filter_by(experiment_id=experiment_id, created_at=now)):
        return done, False  # by this very call, before the connection broke
    if not force and (done := completed_run(session, request.config)):
        return done, True
    run = RunRow(
        uid=uuid.uuid4().hex,
        experiment_id=experiment_id,
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
