"""Worker processes on this machine."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from isicbench.compute.slots import Slot, SlotPlan
from isicbench.records import StudyRecord
from isicbench.scheduling.safeguards import Safeguards
from isicbench.scheduling.scheduler import Scheduler
from isicbench.scheduling.slot_worker import SlotWorker
from isicbench.store.store import Store


class LocalWorkers:
    """Starts a process for each slot."""

    resumes_interrupted = False
    """On this machine somebody has ended that worker on purpose."""
    slots_elsewhere = 0
    lent_by_queue = False

    def __init__(self, store: Store, slots: Sequence[Slot], *, safeguards: Safeguards) -> None:
        self.slots = slots
        self._store = store
        self._safeguards = safeguards

    async def start(self, slot: Slot) -> SlotWorker:
        log = self._store.folder / "logs" / f"{slot.title.replace(':', '-').replace('/', '-')}.log"
        return await SlotWorker.start(slot, database=self._store.url, log=log, safeguards=self._safeguards)

    async def close(self) -> None:
        """Nothing is left."""


@dataclass(frozen=True, slots=True)
class ThisMachine:
    """The devices at hand."""

    plan: SlotPlan

    def script(self, *, folder: Path, safeguards: Safeguards) -> str:
        return ""

    def executor(
        self, store: Store, study: StudyRecord, *, safeguards: Safeguards, observe: Callable[[], None]
    ) -> Scheduler:
        workers = LocalWorkers(store, self.plan.slots, safeguards=safeguards)
        return Scheduler(store, study.id, workers, safeguards=safeguards, observe=observe)
