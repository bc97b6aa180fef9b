"""A study on many slots, trained by the real scheduler in virtual time."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.run_costs import RunCosts
from benchmarks.run_lengths import RecordedRun, draw_length
from benchmarks.simulated_workers import Replay, SimulatedWorkers, World
from benchmarks.tiny_study import write_pair
from benchmarks.virtual_time import VirtualClock, VirtualLoop
from benchmarks.write_lock import WriteLock
from isicbench.compute.slots import SlotPlan, plan_slots
from isicbench.config import LOSSES, Config, expand_grid
from isicbench.data.layout import FOLDERS
from isicbench.records import RunStatus, StudyRecord
from isicbench.scheduling.planning import Request, plan_study
from isicbench.scheduling.safeguards import Safeguards
from isicbench.scheduling.scheduler import Scheduler
from isicbench.store.store import Store, open_store

EPOCHS = (5, 10, 20, 40)
AXES: Mapping[str, Sequence[Any]] = {"frozen": [True, False], "loss": list(LOSSES), "epochs": list(EPOCHS)}
BASE = Config(dataset="folder", weights="random", validation_share=0.25)
SCORES = {
    **{"record_environment": 1, "record_probabilities": 2, "record_evaluation": 2},
    **{"record_predictions": 1, "record_diagnoses": 1, "record_artifact": 1},
}
"""Writes of a run beside its claim, heartbeats, epochs and end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    slots: int
    runs: int
    scale: float = 1.0
    """Of the recorded run times."""
    statement_ms: float = 0.0
    commit_ms: float = 0.0
    start_seconds: float = 8.0
    death_share: float = 0.01
    replays_epochs: bool = True
    """Whether epochs take the time of a measured record, or are really recorded."""
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    question: Question
    statuses: Mapping[RunStatus, int]
    seconds: float
    """From the command's begin to the last run's end, in virtual time."""
    busy_seconds: float
    """Of training and scoring, as if nothing was ever waited for."""
    lost_seconds: float
    scheduler_seconds: float
    lock_seconds: float
    lock_waited_seconds: float
    writes: int
    statements: int
    refusals: int
    deaths: int
    last_start_seconds: float
    """When the last slot began its first run."""

    @property
    def utilisation(self) -> float:
        """Share of all slots' time, from the begin to the end, that went into runs."""
        return (self.busy_seconds + self.lost_seconds) / (self.question.slots * self.seconds)

    @property
    def scheduler_share(self) -> float:
        return self.scheduler_seconds / self.seconds

    @property
    def lock_share(self) -> float:
        return self.lock_seconds / self.seconds


def simulate(question: Question, costs: RunCosts, recorded: Sequence[RecordedRun], *, folder: Path) -> Outcome:
    """Plan the study, add it to a new SQLite file in the folder, train it."""
    database = str(folder / "study.db")
    clock = VirtualClock()
    lock = WriteLock(clock, statement_seconds=question.statement_ms / 1e3, commit_seconds=question.commit_ms / 1e3)
    store = open_store(database)
    requests = plan_study(_request(question, folder)).runs[: question.runs]
    study = store.add_study("benchmarks.scaling", requests)
    draws = Random(question.seed)
    lengths = {
        (run.config.config_hash, run.seed): draw_length(run.config, recorded, scale=question.scale, draws=draws)
        for run in requests
    }
    world = World(
        clock=clock,
        lock=lock,
        store=open_store(database),
        lengths=lengths,
        beat=_replay(costs, "record_progress"),
        epoch=_replay(costs, "record_epoch") if question.replays_epochs else None,
        scores=[_replay(costs, method) for method, times in SCORES.items() for _ in range(times)],
        start_seconds=question.start_seconds,
        death_share=question.death_share,
        draws=draws,
    )
    machines = SimulatedMachines(world, question.slots)
    executor = machines.executor(store, study, safeguards=Safeguards(), observe=lambda: None)
    began = time.process_time()
    with lock.watching():
        executor.run()
    return Outcome(
        question=question,
        statuses=store.study_progress(study.id),
        seconds=executor.seconds,
        busy_seconds=world.busy_seconds,
        lost_seconds=world.lost_seconds,
        scheduler_seconds=time.process_time() - began - clock.apart_seconds,
        lock_seconds=lock.held_seconds,
        lock_waited_seconds=lock.waited_seconds,
        writes=lock.writes,
        statements=lock.statements,
        refusals=world.refusals,
        deaths=world.deaths,
        last_start_seconds=max(world.begun.values(), default=0.0),
    )


class SimulatedMachines:
    """So many slots, as CPU slots of one plan."""

    def __init__(self, world: World, slots: int) -> None:
        self.plan: SlotPlan = plan_slots(f"cpu:{slots}", jobs_per_device=1, gpus=(), cores=slots)
        self._world = world

    def executor(
        self, store: Store, study: StudyRecord, *, safeguards: Safeguards, observe: Callable[[], None]
    ) -> "VirtualExecutor":
        workers = SimulatedWorkers(self._world, self.plan.slots)
        return VirtualExecutor(
            Scheduler(store, study.id, workers, safeguards=safeguards, observe=observe), self._world.clock
        )


class VirtualExecutor:
    """The real scheduler on a virtual clock."""

    def __init__(self, scheduler: Scheduler, clock: VirtualClock) -> None:
        self.seconds = 0.0
        self._scheduler = scheduler
        self._clock = clock

    @property
    def stopping(self) -> bool:
        return self._scheduler.stopping

    def run(self) -> None:
        began = self._clock.now()
        with asyncio.Runner(loop_factory=lambda: VirtualLoop(self._clock)) as runner:
            runner.run(self._scheduler.supervise())
        self.seconds = self._clock.now() - began


def _replay(costs: RunCosts, method: str) -> Replay:
    typical = costs.typical(method)
    return Replay(seconds=typical.seconds, statements=typical.statements)


def _request(question: Question, folder: Path) -> Request:
    """Enough seeds for so many runs, on a few tiny pictures."""
    pairs = folder / "planned"
    if not pairs.exists():
        for name in FOLDERS:
            (pairs / name).mkdir(parents=True)
        for number in range(16):
            write_pair(pairs, number, is_train=number < 12)
    experiments = len(list(study_configs()))
    return Request(base=BASE, axes=AXES, seeds=range(-(-question.runs // experiments)), data_dir=pairs)


def study_configs() -> Iterator[Config]:
    """None of them trains beside another: such runs would need fewer slots."""
    return expand_grid(BASE, AXES)
