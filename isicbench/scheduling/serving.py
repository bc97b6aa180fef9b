"""What a worker process does with the runs that it is handed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch

from isicbench.errors import StoreError
from isicbench.records import Owner, RunRecord
from isicbench.scheduling.checkpoints import find_continuation
from isicbench.scheduling.device_health import computes
from isicbench.scheduling.execution import execute
from isicbench.scheduling.peak_memory import give_memory_back
from isicbench.scheduling.run_folder import log_path, recorded_path
from isicbench.scheduling.streams import logging_to
from isicbench.scheduling.watchdog import Watchdog
from isicbench.store.store import Store
from isicbench.training.state import TrainingState


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Executes runs on one slot."""

    store: Store
    owner: Owner
    device: torch.device
    should_stop: Callable[[], bool]
    checkpoint_minutes: float
    watchdog: Watchdog

    def serve(self, run_ids: Sequence[int]) -> dict[int, str]:
        """Claim and execute runs, side by side; what became of each.

        `refused` is what is somebody else's by now, cannot start because another study holds the slot, or goes on
        from another position than the first: the scheduler will hand it over again.
        """
        claimed: list[RunRecord] = []
        states: list[TrainingState] = []
        for run_id in run_ids:
            if taken := self._claim(run_id, beside=claimed, states=states):
                claimed.append(taken)
        became = dict.fromkeys(run_ids, "refused")
        if claimed:
            with logging_to(self.store.folder.parent / claimed[0].log_path), self.watchdog:
                ended = execute(
                    self.store,
                    claimed,
                    device=self.device,
                    should_stop=self.should_stop,
                    resume_from=states or None,
                    checkpoint_minutes=self.checkpoint_minutes,
                    moved=self.watchdog.moved,
                )
            became |= {run_id: status.value for run_id, status in ended.items()}
            if computes(self.device):
                give_memory_back(self.device)
        return became

    def _claim(self, run_id: int, *, beside: Sequence[RunRecord], states: list[TrainingState]) -> RunRecord | None:
        """The first claimed run takes the slot itself; those that train beside it have places of their own, its log,
        and stand where it stands. `states` gets the run's, if it goes on from one."""
        store = self.store
        try:
            run = store.run(run_id)
            found = find_continuation(store, run)
        except StoreError:
            return None  # removed since it was handed over
        if beside and _position(found.state if found else None) != _position(states[0] if states else None):
            return None
        log = beside[0].log_path if beside else recorded_path(store.folder, log_path(store.folder, run))
        place = replace(self.owner, slot=f"{self.owner.slot}+{len(beside)}") if beside else self.owner
        if found is None:
            return store.claim(run_id, place, log_path=log)
        continues = None if found.attempt.id == run_id else found.attempt.id
        claimed = store.claim(run_id, place, log_path=log, epochs_kept=found.epochs_kept, continues=continues)
        if claimed is not None:
            states.append(found.state)
        return claimed


def _position(state: TrainingState | None) -> tuple[int, int]:
    return (1, 0) if state is None else state.position
