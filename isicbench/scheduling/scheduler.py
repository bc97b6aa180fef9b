"""Keeps every slot busy until a study is finished.

The truth is in the database: a scheduler holds no queue of its own, so two of them may work on one study, and a run
belongs to whoever claims it.
"""

import asyncio
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

from isicbench.compute.processes import host_name, is_alive
from isicbench.compute.slots import Slot
from isicbench.records import Failure, RunRecord, RunStatus
from isicbench.scheduling.executor import Worker, Workers
from isicbench.scheduling.out_of_memory import KIND as OUT_OF_MEMORY
from isicbench.scheduling.out_of_memory import memory_advice
from isicbench.scheduling.packing import Packing
from isicbench.scheduling.safeguards import Safeguards
from isicbench.scheduling.side_by_side import next_group
from isicbench.scheduling.slot_worker import Answer
from isicbench.store.store import Store

POLL_SECONDS = 0.5
DEATHS = ("signal", "exit", "lost", "hang")
"""Failures that say nothing of the run itself: another attempt may well end otherwise."""
SILENT_SECONDS = 3600.0
"""After which a worker on another host is taken to be gone: far longer than a step, or than two clocks differ."""
MOST_FALSE_STARTS = 3
"""A slot whose workers die so often before they take a run is given up."""
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)
"""SIGUSR1 is what a cluster sends before it takes the machine away (Slurm: --signal=USR1@60)."""


class Scheduler:
    """Runs one study on a set of slots. `observe` is called about twice a second, for a display."""

    def __init__(
        self,
        store: Store,
        study_id: int,
        workers: Workers,
        *,
        safeguards: Safeguards,
        observe: Callable[[], None] = lambda: None,
    ) -> None:
        self.store = store
        self.study_id = study_id
        self.workers = workers
        self.safeguards = safeguards
        self.observe = observe
        self.stopping = False
        self._started: dict[str, Worker] = {}
        self.packing = Packing()
        if any(slot.uuid for slot in workers.slots):
            for config, peak_mib in store.gpu_peaks():
                self.packing.learn(config, peak_mib)
        self._undertaker = Undertaker(store)

    def run(self) -> None:
        """Return when no run of the study is queued or running, after a stop was asked for, or when no slot is left
        whose workers start."""
        asyncio.run(self._run())

    async def _run(self) -> None:
        self._bury()
        with self._listening_for_stop():
            watching = asyncio.create_task(self._watch())
            try:
                await asyncio.gather(*(self._keep_busy(slot) for slot in self.workers.slots))
            except BaseException:
                self.stopping = True  # for the slots that go on: they hand over nothing more
                raise
            finally:
                watching.cancel()
                await self._end_workers()
        self.observe()

    async def _keep_busy(self, slot: Slot) -> None:
        false_starts = 0
        while not self.stopping and false_starts < MOST_FALSE_STARTS:
            if run_ids := self._next_group(slot):
                self.packing.starts(slot, self.store.runs(run_ids=run_ids))
                worker = await self._worker(slot)
                if worker is None:
                    self.packing.ends(slot, [])
                    await asyncio.sleep(POLL_SECONDS)
                    continue
                answer = await worker.train(run_ids)
                self._retry_the_crowded(self.packing.ends(slot, self._left_by(worker, run_ids)))
                recorded = [self._record_death(run_id, worker, answer) for run_id in run_ids]
                self._retry_the_dead()
                self._queue_the_interrupted(run_ids)
                false_starts = 0 if answer.failure is None or any(recorded) else false_starts + 1
                if not answer.all_refused:
                    continue
            elif self.workers.lent_by_queue or not self._unfinished():
                return
            await asyncio.sleep(POLL_SECONDS)

    def _next_group(self, slot: Slot) -> list[int]:
        return next_group(
            self.store,
            self.study_id,
            slots=len(self.workers.slots) + self.workers.slots_elsewhere,
            may_start=lambda run: self.packing.may_start(run, slot),
        )

    def _left_by(self, worker: Worker, run_ids: Sequence[int]) -> list[RunRecord]:
        """Those of the runs that were this worker's, as they are now."""
        owned = (worker.host, worker.pid)
        runs = self.store.runs(run_ids=run_ids)
        return [run for run in runs if run.owner is not None and (run.owner.host, run.owner.pid) == owned]

    async def _worker(self, slot: Slot) -> Worker | None:
        """The slot's living worker; a dead one is replaced."""
        worker = self._started.get(slot.name)
        if worker is None or not worker.alive:
            worker = await self.workers.start(slot)
            if worker is not None:
                self._started[slot.name] = worker
                if self.stopping:
                    worker.stop()
        return worker

    def _record_death(self, run_id: int, worker: Worker, answer: Answer) -> bool:
        """A worker that died says nothing of its run any more: fail it, if it is still that worker's.

        So is a run that it was handed and never claimed (False then): a worker that dies as it starts may die again.
        """
        if answer.failure is None:
            return False
        run = self.store.run(run_id)
        if run.status is RunStatus.QUEUED and not self.stopping:
            message = f"{answer.failure.message} before it began the run; what it printed: {worker.log}"
            self.store.finish(run_id, RunStatus.FAILED, failure=replace(answer.failure, message=message))
        if run.owner is None or (run.owner.host, run.owner.pid) != (worker.host, worker.pid):
            return False
        if run.status is RunStatus.RUNNING:
            status = RunStatus.INTERRUPTED if self.stopping else RunStatus.FAILED
            self.store.finish(run_id, status, failure=None if self.stopping else _told(answer.failure, run))
        return True

    def _bury(self) -> None:
        """The dead, but its own workers: their exit codes say more."""
        own = [worker.pid for worker in self._started.values() if worker.host == host_name()]
        self._undertaker.look(known_pids=own)
        self._retry_the_dead()

    def _retry_the_dead(self) -> None:
        if not self.stopping:
            self.store.retry_dead(self.study_id, kinds=DEATHS, retries=self.safeguards.retries)

    def _retry_the_crowded(self, run_ids: Sequence[int]) -> None:
        """What ran out of memory beside others gets a device for itself, once."""
        if run_ids and not self.stopping:
            retries = max(1, self.safeguards.retries)
            attempts = self.store.retry_dead(self.study_id, kinds=(OUT_OF_MEMORY,), retries=retries, run_ids=run_ids)
            self.packing.give_a_device(attempts)

    def _queue_the_interrupted(self, run_ids: Sequence[int]) -> None:
        """What nobody here has stopped goes on in its own row, from its checkpoint."""
        if self.workers.resumes_interrupted and not self.stopping:
            self.store.queue_again(run_ids)

    def _end_what_hangs(self) -> None:
        for worker in self._started.values():
            if worker.run_ids:
                runs = self.store.runs(run_ids=worker.run_ids)
                worker.end_if_hanging(tuple((run.status, run.heartbeat_at, run.finished_at) for run in runs))

    def _unfinished(self) -> bool:
        progress = self.store.study_progress(self.study_id)
        return any(progress.get(status, 0) for status in (RunStatus.QUEUED, RunStatus.RUNNING))

    async def _watch(self) -> None:
        while True:
            self.observe()
            self._bury()
            self._end_what_hangs()
            await asyncio.sleep(POLL_SECONDS)

    async def _end_workers(self) -> None:
        await asyncio.gather(*(worker.end() for worker in self._started.values()))
        await self.workers.close()

    def _stop(self) -> None:
        """Once: workers finish their step and mark their runs interrupted. Twice: they are killed."""
        for worker in self._started.values():
            if not self.stopping:
                worker.stop()
            elif not self.workers.lent_by_queue:
                worker.kill()
        self.stopping = True

    @contextmanager
    def _listening_for_stop(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, self._stop)
        try:
            yield
        finally:
            for number in STOP_SIGNALS:
                loop.remove_signal_handler(number)


def _told(failure: Failure, run: RunRecord) -> Failure:
    """With what the worker's end could not know of the run."""
    if failure.kind == OUT_OF_MEMORY:
        return replace(failure, message=f"{failure.message}. {memory_advice(run.config, device=None)}")
    if failure.kind == "hang":
        return replace(failure, message=f"{failure.message}: {run.log_path}")
    return failure


class Undertaker:
    """Fails the runs whose worker is gone at two looks: in between, the scheduler that started it may tell of its end,
    and its exit code says more."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen: set[int] = set()

    def look(self, *, known_pids: Sequence[int] = ()) -> None:
        """All but those of the processes that the caller knows about."""
        lost = _lost_runs(self._store, known_pids)
        _bury(self._store, {run_id: why for run_id, why in lost.items() if run_id in self._seen})
        self._seen = set(lost)


def bury_dead_owners(store: Store) -> None:
    """Fail the runs whose worker is gone, whoever started it: one here by its process, one elsewhere by its silence."""
    _bury(store, _lost_runs(store))


def _bury(store: Store, lost: Mapping[int, str]) -> None:
    for run_id, message in lost.items():
        store.finish(run_id, RunStatus.FAILED, failure=Failure(kind="lost", message=message))


def _lost_runs(store: Store, known_pids: Sequence[int] = ()) -> dict[int, str]:
    """With the reason."""
    return {run.id: why for run in store.running_runs() if (why := _why_lost(run, known_pids))}


def _why_lost(run: RunRecord, known_pids: Sequence[int]) -> str:
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
