"""Keeps every slot busy until a study is finished.

The truth is in the database: a scheduler holds no queue of its own, so two of them may work on one study, and a run
belongs to whoever claims it.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from isicbench.compute.processes import host_name
from isicbench.compute.slots import Slot
from isicbench.errors import RunsFailedError, StoreError
from isicbench.records import Failure, RunningRun, RunRecord, RunStatus
from isicbench.scheduling.burial import Undertaker
from isicbench.scheduling.disk_space import require_no_full_disk
from isicbench.scheduling.executor import Worker, Workers
from isicbench.scheduling.out_of_memory import KIND as OUT_OF_MEMORY
from isicbench.scheduling.out_of_memory import memory_advice
from isicbench.scheduling.packing import Packing
from isicbench.scheduling.safeguards import Safeguards
from isicbench.scheduling.slot_worker import Answer
from isicbench.scheduling.stop_signals import stop_signals
from isicbench.scheduling.waiting_runs import WaitingRuns
from isicbench.store.store import Store

POLL_SECONDS = 0.5
DEATHS = ("signal", "exit", "lost", "hang", "device")
"""Failures that say nothing of the run itself: another attempt may well end otherwise."""
MOST_FALSE_STARTS = 3
"""A slot whose workers die so often before they take a run is given up."""


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
        self._in_hand: set[int] = set()
        """What its slots have been handed: no second one needs to ask for it."""
        self._waiting = WaitingRuns(store, study_id, slots=len(workers.slots) + workers.slots_elsewhere)
        self._undertaker = Undertaker(store)
        self.packing = Packing()
        if any(slot.uuid for slot in workers.slots):
            for config, peak_mib in store.gpu_peaks():
                self.packing.learn(config, peak_mib)
        self._unfinished_until = 0.0
        self._finished = False
        self._disk_full: RunsFailedError | None = None
        """With it nothing further is begun."""

    def run(self) -> None:
        """Return when no run of the study is queued or running, after a stop was asked for, or when no slot is left
        whose workers start.

        Raises `RunsFailedError` where the disk is full, once the other slots have ended their runs.
        """
        asyncio.run(self.supervise())

    async def supervise(self) -> None:
        """What `run` does, in an event loop of the caller's, in the main thread."""
        self._bury(self.store.heartbeats())
        with self._listening_for_stop():
            watching: asyncio.Future[Any] = asyncio.create_task(self._watch())
            working: asyncio.Future[Any] = asyncio.gather(*(self._keep_busy(slot) for slot in self.workers.slots))
            try:
                await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
                await (watching if watching.done() else working)
            except BaseException:
                self.stopping = True  # for the slots that go on: they hand over nothing more
                raise
            finally:
                watching.cancel()
                await self._end_workers()
        self.observe()
        if self._disk_full and not self.stopping:
            raise self._disk_full

    async def _keep_busy(self, slot: Slot) -> None:
        false_starts = 0
        while not (self.stopping or self._finished or self._disk_full) and false_starts < MOST_FALSE_STARTS:
            run_ids = self._next_group(slot)
            if not run_ids and self.workers.lent_by_queue and self._waiting.none_left:
                return
            answer = await self._train(slot, run_ids) if run_ids else None
            if answer is not None:
                recorded = self._take(answer, run_ids, self._started[slot.name])
                false_starts = 0 if answer.failure is None or recorded else false_starts + 1
                if not answer.all_refused:
                    continue
            if not self._finished:
                await asyncio.sleep(POLL_SECONDS)

    def _next_group(self, slot: Slot) -> list[int]:
        """Empty where nothing is queued; then the study may be finished, which is asked once for all idle slots: at a
        study's end they may be hundreds."""
        now = asyncio.get_running_loop().time()
        found = self._waiting.take_group(in_hand=self._in_hand, now=now, may_start=self.packing.room_for(slot))
        if not found and not self._in_hand and now >= self._unfinished_until:
            self._finished = not self._unfinished()
            self._unfinished_until = now + POLL_SECONDS
        return found

    async def _train(self, slot: Slot, run_ids: Sequence[int]) -> Answer | None:
        """None where the slot has no worker as yet."""
        self._in_hand.update(run_ids)
        self.packing.starts(slot, self.store.runs(run_ids=run_ids) if slot.uuid else [])
        worker: Worker | None = None
        try:
            worker = await self._worker(slot)
            return None if worker is None else await worker.train(run_ids)
        finally:
            self._in_hand.difference_update(run_ids)
            self._retry_the_crowded(self.packing.ends(slot, self._left_by(worker, run_ids) if slot.uuid else []))

    def _left_by(self, worker: Worker | None, run_ids: Sequence[int]) -> list[RunRecord]:
        """Those of the runs that were this worker's, as they are now."""
        if worker is None:
            return []
        runs = self.store.runs(run_ids=run_ids)
        return [run for run in runs if run.owner and (run.owner.host, run.owner.pid) == (worker.host, worker.pid)]

    def _take(self, answer: Answer, run_ids: Sequence[int], worker: Worker) -> bool:
        """Record what a worker's answer leaves to record; whether it had begun one of its runs when it died."""
        recorded = [self._record_death(run_id, worker, answer) for run_id in run_ids]
        if RunStatus.FAILED.value in answer.statuses.values():
            self._look_for_room()
        if answer.failure is not None:
            self._retry_the_dead()
        if answer.failure is not None or RunStatus.INTERRUPTED.value in answer.statuses.values():
            self._queue_the_interrupted(run_ids)
        return any(recorded)

    def _look_for_room(self) -> None:
        try:
            require_no_full_disk(self.store, self.study_id)
        except RunsFailedError as error:
            self._disk_full = error

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

    def _bury(self, running: Sequence[RunningRun]) -> None:
        """The dead, but its own workers: their exit codes say more."""
        own = [worker.pid for worker in self._started.values() if worker.host == host_name()]
        self._undertaker.look(running, known_pids=own)
        self._retry_the_dead()

    def _retry_the_dead(self) -> None:
        if not self.stopping and self.store.retry_dead(self.study_id, kinds=DEATHS, retries=self.safeguards.retries):
            self._waiting.look_again()

    def _retry_the_crowded(self, run_ids: Sequence[int]) -> None:
        """What ran out of memory beside others gets a device for itself, once."""
        if run_ids and not self.stopping:
            retries = max(1, self.safeguards.retries)
            attempts = self.store.retry_dead(self.study_id, kinds=(OUT_OF_MEMORY,), retries=retries, run_ids=run_ids)
            self.packing.give_a_device(attempts)
            self._waiting.look_again()

    def _queue_the_interrupted(self, run_ids: Sequence[int]) -> None:
        """What nobody here has stopped goes on in its own row, from its checkpoint."""
        if self.workers.resumes_interrupted and not self.stopping:
            self.store.queue_again(run_ids)
            self._waiting.look_again()

    def _end_what_hangs(self, running: Sequence[RunningRun]) -> None:
        beats = {run.id: run.heartbeat_at for run in running}
        for worker in self._started.values():
            if worker.run_ids:
                worker.end_if_hanging(tuple(beats.get(run_id) for run_id in worker.run_ids))

    def _unfinished(self) -> bool:
        progress = self.store.study_progress(self.study_id)
        return any(progress.get(status, 0) for status in (RunStatus.QUEUED, RunStatus.RUNNING))

    async def _watch(self) -> None:
        """A database that cannot be read now may be at the next look; anything else that goes wrong ends the study, for
        nobody would notice a worker that hangs."""
        while True:
            with suppress(StoreError):
                self.observe()
                running = self.store.heartbeats()
                self._bury(running)
                self._end_what_hangs(running)
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
        loop, numbers = asyncio.get_running_loop(), stop_signals()
        for number in numbers:
            loop.add_signal_handler(number, self._stop)
        try:
            yield
        finally:
            for number in numbers:
                loop.remove_signal_handler(number)


def _told(failure: Failure, run: RunRecord) -> Failure:
    """With what the worker's end could not know of the run."""
    if failure.kind == OUT_OF_MEMORY:
        return replace(failure, message=f"{failure.message}. {memory_advice(run.config, device=None)}")
    if failure.kind == "hang":
        return replace(failure, message=f"{failure.message}: {run.log_path}")
    return failure
