"""Runs whose worker is gone: found by its process on this host, by its silence elsewhere, and failed."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from isicbench.compute.processes import host_name, is_alive
from isicbench.records import Failure, RunningRun, RunStatus
from isicbench.store.store import Store

SILENT_SECONDS = 3600.0
"""After which a worker on another host is taken to be gone: far longer than a step, or than two clocks differ."""


class Undertaker:
    """Fails the runs whose worker is gone at two looks: in between, the scheduler that started it may tell of its end,
    and its exit code says more."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen: set[int] = set()

    def look(self, running: Sequence[RunningRun], *, known_pids: Sequence[int] = ()) -> None:
        """At the runs that are `running`, but for those of the processes that the caller knows about."""
        lost = _lost(running, known_pids)
        _bury(self._store, {run_id: why for run_id, why in lost.items() if run_id in self._seen})
        self._seen = set(lost)


def bury_dead_owners(store: Store, running: Sequence[RunningRun]) -> None:
    """Fail those of the `running` runs whose worker is gone, whoever started it."""
    _bury(store, _lost(running))


def _bury(store: Store, lost: Mapping[int, str]) -> None:
    for run_id, message in lost.items():
        store.finish(run_id, RunStatus.FAILED, failure=Failure(kind="lost", message=message))


def _lost(running: Sequence[RunningRun], known_pids: Sequence[int] = ()) -> dict[int, str]:
    """With the reason."""
    return {run.id: why for run in running if (why := _why_lost(run, known_pids))}


def _why_lost(run: RunningRun, known_pids: Sequence[int]) -> str:
    """Empty for one whose worker lives, as far as can be told."""
    owner = run.owner
    if owner is None:
        return ""
    if owner.host != host_name():
        silent = (datetime.now(UTC) - run.heartbeat_at).total_seconds() if run.heartbeat_at else 0.0
        if silent < SILENT_SECONDS:
            return ""
        return f"nothing was heard of its worker on {owner.host} for {silent / 60:.0f} minutes"
    if owner.pid in known_pids or is_alive(owner.pid, started=owner.process_started):
        return ""
    return f"its worker (process {owner.pid}) is gone, and with it the command that started it"
