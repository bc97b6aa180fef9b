"""What trains a study: one small interface, whatever machines it uses."""

from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import Protocol

from isicbench.compute.slots import Slot, SlotPlan
from isicbench.records import StudyRecord
from isicbench.scheduling.safeguards import Safeguards
from isicbench.scheduling.slot_worker import Answer
from isicbench.store.store import Store


class Executor(Protocol):
    """Trains one study."""

    @property
    def stopping(self) -> bool:
        """Whether the user or the system has asked it to stop."""
        ...

    def run(self) -> None:
        """Return when no run of the study is queued or running, or after a stop."""
        ...


class Machines(Protocol):
    """Where studies can be trained: this machine, or a cluster."""

    @property
    def plan(self) -> SlotPlan: ...
    def script(self, *, folder: Path, safeguards: Safeguards) -> str:
        """What a queue would be given for a database whose runs keep their files in the folder; empty without one."""
        ...

    def executor(
        self, store: Store, study: StudyRecord, *, safeguards: Safeguards, observe: Callable[[], None]
    ) -> Executor:
        """What trains the study; raises `IsicbenchError` where these machines cannot."""
        ...


class Worker(Protocol):
    """A worker process on a slot, on this machine or another: handed one run or group of runs at a time.

    `host` and `pid` are those that its runs' rows name as their owner.
    """

    @property
    def host(self) -> str: ...
    @property
    def pid(self) -> int: ...
    @property
    def log(self) -> Path:
        """What it prints between two runs."""
        ...

    @property
    def alive(self) -> bool: ...
    @property
    def run_ids(self) -> tuple[int, ...]:
        """What it is at."""
        ...

    async def train(self, run_ids: Sequence[int]) -> Answer:
        """Hand over runs that train side by side, and wait for what becomes of them; its own death is an answer."""
        ...

    def end_if_hanging(self, progress: Hashable) -> None:
        """Kill it where `progress`, whatever tells how far its runs are, has not changed for too long."""
        ...

    def stop(self) -> None:
        """Ask it to finish its step, save and leave."""
        ...

    def kill(self) -> None: ...

    async def end(self) -> None:
        """Let it leave once it is idle, and wait for that."""
        ...


class Workers(Protocol):
    """Starts workers on slots: what an executor has that is its own."""

    @property
    def slots(self) -> Sequence[Slot]: ...
    @property
    def resumes_interrupted(self) -> bool:
        """Whether a run that was interrupted, by nobody's wish here, is queued again: a cluster takes machines away."""
        ...

    @property
    def slots_elsewhere(self) -> int:
        """Those of other schedulers that were started for the same study with this one."""
        ...

    @property
    def lent_by_queue(self) -> bool:
        """Whether a cluster's queue lends the slots: one that finds nothing queued is given back, and a stop that is
        told twice is one stop, since the queue ends by itself what takes too long."""
        ...

    async def start(self, slot: Slot) -> Worker | None:
        """Start the slot's worker; None where it has no place as yet: to be asked again.

        Raises `IsicbenchError` where it cannot have one.
        """
        ...

    async def close(self) -> None:
        """After the last worker's end."""
        ...
