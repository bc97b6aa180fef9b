"""Workers whose training only lets time pass. What they ask of the database, they ask of the real one."""

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from benchmarks.run_lengths import RunLength
from benchmarks.virtual_time import VirtualClock
from benchmarks.write_lock import WriteLock
from isicbench.compute.slots import Slot
from isicbench.records import EpochRecord, Failure, Owner, RunRecord, RunStatus
from isicbench.scheduling.checkpoints import find_continuation
from isicbench.scheduling.progress_clock import pause_after
from isicbench.scheduling.run_folder import log_path, recorded_path
from isicbench.scheduling.slot_worker import Answer
from isicbench.store.store import Store

SLOTS_A_HOST = 8


@dataclass(frozen=True, slots=True)
class Replay:
    """A write that is not really done: how long it holds the lock, and in how many statements."""

    seconds: float
    statements: int


@dataclass(slots=True, kw_only=True)
class World:
    """What all simulated workers share."""

    clock: VirtualClock
    lock: WriteLock
    store: Store
    """Of the workers; the scheduler has its own."""
    lengths: Mapping[tuple[str, int], RunLength]
    """By config hash and seed."""
    beat: Replay
    epoch: Replay | None
    """None for epochs that are really recorded."""
    scores: Sequence[Replay]
    start_seconds: float
    death_share: float
    """Of the runs whose worker dies on the way."""
    draws: Random
    busy_seconds: float = 0.0
    """Of training and scoring alone, in runs that were completed."""
    lost_seconds: float = 0.0
    """Of training in runs whose worker died."""
    refusals: int = 0
    deaths: int = 0
    begun: dict[str, float] = field(default_factory=dict)
    """When each slot's first run was claimed."""


class SimulatedWorkers:
    """A place is free at once; a worker takes `start_seconds` to load."""

    resumes_interrupted = True
    lent_by_queue = False
    slots_elsewhere = 0

    def __init__(self, world: World, slots: Sequence[Slot]) -> None:
        self.slots = slots
        self._world = world
        self._numbers = {slot.name: number for number, slot in enumerate(slots)}
        self._pids = iter(range(1, 10**9))

    async def start(self, slot: Slot) -> "SimulatedWorker":
        await asyncio.sleep(self._world.start_seconds)
        host = f"host-{self._numbers[slot.name] // SLOTS_A_HOST:03d}"
        return SimulatedWorker(self._world, slot, host=host, pid=next(self._pids))

    async def close(self) -> None:
        """Nothing is left."""


class SimulatedWorker:
    """Claims, records and ends runs as `isicbench.scheduling.serving` does, on a time line of its own."""

    log = Path("simulated.log")

    def __init__(self, world: World, slot: Slot, *, host: str, pid: int) -> None:
        self.host = host
        self.pid = pid
        self.alive = True
        self.run_ids: tuple[int, ...] = ()
        self._world = world
        self._slot = slot
        self._at = 0.0
        """Where it stands in time; never before anything that it has done."""
        self._until_beat = 0.0

    async def train(self, run_ids: Sequence[int]) -> Answer:
        """One run: the studies that are simulated have none that train side by side."""
        [run_id] = run_ids
        self.run_ids = tuple(run_ids)
        self._at = self._world.clock.now()
        try:
            run = self._claimed(run_id)
            await self._pass_time()
            if run is None:
                self._world.refusals += 1
                return Answer({run_id: "refused"})
            self._world.begun.setdefault(self._slot.name, self._at)
            return await self._live(run)
        finally:
            self.run_ids = ()

    def _claimed(self, run_id: int) -> RunRecord | None:
        store = self._world.store
        with self._world.clock.apart(self._at):
            run = store.run(run_id)
            found = find_continuation(store, run)
            assert found is None
            owner = Owner(host=self.host, pid=self.pid, process_started=0.0, slot=self._slot.name)
            claimed = store.claim(run_id, owner, log_path=recorded_path(store.folder, log_path(store.folder, run)))
            self._at = self._world.clock.now()
        return claimed

    async def _live(self, run: RunRecord) -> Answer:
        world = self._world
        length = world.lengths[run.config.config_hash, run.seed]
        dies_after = world.draws.random() * length.seconds if world.draws.random() < world.death_share else None
        done = 0.0
        for number, seconds in enumerate(length.epochs, start=1):
            if dies_after is not None and done + seconds > dies_after:
                return await self._die(dies_after)
            await self._train(seconds)
            self._record_epoch(run, number, seconds)
            done += seconds
        await self._train(length.other)
        for write in world.scores:
            self._replay(write)
            await self._pass_time()
        self._finish(run)
        world.busy_seconds += length.seconds
        await self._pass_time()
        return Answer({run.id: RunStatus.COMPLETED.value})

    async def _train(self, seconds: float) -> None:
        """With heartbeats as often as they are due, for which training waits."""
        while seconds > 0:
            step = min(seconds, self._until_beat)
            self._at += step
            await self._pass_time()
            seconds -= step
            self._until_beat -= step
            if self._until_beat <= 0:
                began = self._at
                self._replay(self._world.beat)
                self._until_beat = pause_after(self._at - began)

    async def _die(self, after: float) -> Answer:
        self._world.lost_seconds += after
        self._world.deaths += 1
        self._at += after
        await self._pass_time()
        self.alive = False
        return Answer(failure=Failure(kind="signal", message="the worker was killed by signal 9 (SIGKILL)"))

    def _record_epoch(self, run: RunRecord, number: int, seconds: float) -> None:
        if self._world.epoch is not None:
            self._replay(self._world.epoch)
            return
        with self._world.clock.apart(self._at):
            self._world.store.record_epoch(run.id, _epoch(number, seconds))
            self._at = self._world.clock.now()

    def _finish(self, run: RunRecord) -> None:
        with self._world.clock.apart(self._at):
            length = self._world.lengths[run.config.config_hash, run.seed]
            self._world.store.finish(run.id, RunStatus.COMPLETED, train_seconds=sum(length.epochs))
            self._at = self._world.clock.now()

    def _replay(self, write: Replay) -> None:
        self._at = self._world.lock.pass_through(self._at, seconds=write.seconds, statements=write.statements)

    async def _pass_time(self) -> None:
        await asyncio.sleep(max(0.0, self._at - self._world.clock.now()))

    def end_if_hanging(self, progress: Hashable) -> None:
        """None of them hangs."""

    def stop(self) -> None:
        """Its run goes on to its end: no simulated study is gone on with."""

    kill = stop

    async def end(self) -> None:
        """It is idle."""


def _epoch(number: int, seconds: float) -> EpochRecord:
    return EpochRecord(
        epoch=number,
        train_loss=1 / number,
        validation_loss=1 / number,
        validation_iou=0.5,
        validation_dice=0.6,
        foreground_share=0.2,
        learning_rate=1e-3,
        train_seconds=seconds,
        validation_seconds=0.0,
        images_per_second=100.0,
        gradient_norm=1.0,
    )
