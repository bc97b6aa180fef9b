"""The runs that a study asks for: found where they are there, queued where they are not."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from isicbench.records import RunStatus
from isicbench.store.attempts import queue_again
from isicbench.store.schema import RunRow
from isicbench.store.selection import among

Key = tuple[int, int]
"""An experiment and a seed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRun:
    run_id: int
    is_completed: bool


class _Known(NamedTuple):
    run_id: int
    status: str


def find_or_queue(session: Session, keys: Sequence[Key], *, force: bool) -> list[AskedRun]:
    """The run of each (experiment, seed), in the order of `keys`, none of which occurs twice.

    A completed one is taken unless `force`, else one that is queued or running, else an interrupted one, which is
    queued again; else a new one is queued, which retries the newest where that failed or diverged.
    """
    known = _known_runs(session, keys)
    chosen = {key: run for key in keys if (run := _choose(known[key], force=force))}
    queue_again(session, [run.run_id for run in chosen.values() if run.status == RunStatus.INTERRUPTED])
    added = _queue(session, {key: _retried(known[key]) for key in keys if key not in chosen})
    return [
        AskedRun(run_id=run.run_id, is_completed=run.status == RunStatus.COMPLETED)
        if (run := chosen.get(key))
        else AskedRun(run_id=added[key], is_completed=False)
        for key in keys
    ]


def _known_runs(session: Session, keys: Sequence[Key]) -> defaultdict[Key, list[_Known]]:
    """By experiment and seed, newest first."""
    experiments = list(dict.fromkeys(experiment_id for experiment_id, _ in keys))
    query = (
        select(RunRow.experiment_id, RunRow.seed, RunRow.id, RunRow.status)
        .where(among(RunRow.experiment_id, experiments))
        .order_by(RunRow.id.desc())
    )
    known: defaultdict[Key, list[_Known]] = defaultdict(list)
    for experiment_id, seed, run_id, status in session.execute(query):
        known[experiment_id, seed].append(_Known(run_id, status))
    return known


def _choose(runs: Sequence[_Known], *, force: bool) -> _Known | None:
    if not force and (completed := _latest(runs, RunStatus.COMPLETED)):
        return completed
    return _latest(runs, RunStatus.QUEUED, RunStatus.RUNNING) or _latest(runs, RunStatus.INTERRUPTED)


def _retried(runs: Sequence[_Known]) -> int | None:
    """The newest run where it failed or diverged."""
    run = _latest(runs[:1], RunStatus.FAILED, RunStatus.DIVERGED)
    return run.run_id if run else None


def _latest(runs: Sequence[_Known], *statuses: RunStatus) -> _Known | None:
    """The first of `runs`, newest first, that has one of the statuses."""
    return next((run for run in runs if run.status in statuses), None)


def _queue(session: Session, retried: dict[Key, int | None]) -> dict[Key, int]:
    """New runs for the keys, each with the run that it retries; their numbers."""
    if not retried:
        return {}
    now = datetime.now(UTC)
    uids = {key: uuid.uuid4().hex for key in retried}
    rows = [
        {
            "uid": uids[experiment_id, seed],
            "experiment_id": experiment_id,
            "seed": seed,
            "status": RunStatus.QUEUED.value,
            "retry_of": retry_of,
            "created_at": now,
        }
        for (experiment_id, seed), retry_of in retried.items()
    ]
    session.execute(insert(RunRow), rows)
    experiments = list(dict.fromkeys(experiment_id for experiment_id, _ in retried))
    query = select(RunRow.uid, RunRow.id).where(
        among(RunRow.experiment_id, experiments), RunRow.status == RunStatus.QUEUED.value
    )
    numbers = dict(session.execute(query).all())
    return {key: numbers[uid] for key, uid in uids.items()}
