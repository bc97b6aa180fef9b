"""A study's array in Slurm's queue, and what Slurm's word on its elements means for their runs."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from isicbench.errors import ClusterError
from isicbench.records import Failure, RunRecord, RunStatus
from isicbench.scheduling.run_files import SLOT_LOGS
from isicbench.scheduling.slurm_commands import CANCELLED, COMPLETED, Element, cancel, elements, submit
from isicbench.scheduling.slurm_job import STUDY, log_of, said_in
from isicbench.scheduling.slurm_slots import unsettled_runs
from isicbench.store.store import Store


@dataclass(frozen=True, slots=True)
class SlurmArray:
    """One that was submitted."""

    store: Store
    study_id: int
    job: int

    @classmethod
    def submit(cls, store: Store, study_id: int, *, script: str) -> "SlurmArray":
        """The database's URL is in its environment alone. Raises `ClusterError` where Slurm does not take it."""
        (store.folder / SLOT_LOGS).mkdir(parents=True, exist_ok=True)
        job = submit(script, {"ISICBENCH_DB": store.url, STUDY: str(study_id)})
        return cls(store, study_id, job)

    @property
    def logs(self) -> Path:
        """A pattern of what its elements print."""
        return log_of(self.store.folder, self.job, "*")

    def elements(self) -> dict[int, Element] | None:
        """By number; None while Slurm does not answer."""
        return elements(self.job)

    def is_over(self) -> bool:
        """Whether none of its elements lives or waits; not as long as Slurm does not answer."""
        found = self.elements()
        return found is not None and all(element.is_over for element in found.values())

    def unsettled(self) -> list[tuple[RunRecord, int]]:
        """Runs that its elements train or have let go of, each with the element's number."""
        return unsettled_runs(self.store, self.study_id, job=self.job)

    def settle(self, before: list[tuple[RunRecord, int]], found: Mapping[int, Element]) -> None:
        """Runs of elements that are gone: failed where they were at work, queued again where they had saved.

        `before` was read before Slurm was asked: who trained then and is gone now has ended in between.
        """
        for run, number in before:
            element = found.get(number)
            if element is not None and element.lives:
                continue
            if run.status is RunStatus.INTERRUPTED:
                if element is None or element.state != CANCELLED:
                    self.store.queue_again([run.id])
            elif self.store.run(run.id).owner == run.owner:
                state = f" ({element.state})" if element else ""
                message = f"its worker was lost with element {number} of Slurm's job {self.job}{state}"
                self.store.finish(run.id, RunStatus.FAILED, failure=Failure(kind="lost", message=message))

    def require_worth_another(self, found: Mapping[int, Element], *, queued: int) -> None:
        """Raise `ClusterError` where a further array would fare no better than this one, which is over."""
        left = queued + len(self.unsettled())
        states = {element.state for element in found.values()}
        if left and CANCELLED in states:
            raise ClusterError(
                f"Slurm's job {self.job} was cancelled, with {left} run{'s' if left > 1 else ''} left",
                hint="Go on with them: isicbench resume --all --executor slurm",
            )
        if left and COMPLETED not in states and not self._has_begun_a_run():
            log = log_of(self.store.folder, self.job, min(found, default=0))
            message = f"no worker of Slurm's job {self.job} began a run: {said_in(log)}"
            raise ClusterError(message, hint=f"Its log: {log}")

    def give_back_places(self) -> None:
        """Those that elements still wait for: the others leave by themselves, as do these if they begin just now."""
        found = self.elements() or {}
        if any(element.waits for element in found.values()):
            with suppress(ClusterError):
                cancel(self.job, "--state=PENDING")

    def cancel(self) -> None:
        """Its elements save and leave, or Slurm kills them. Raises `ClusterError` where it does not answer."""
        cancel(self.job)

    def _has_begun_a_run(self) -> bool:
        owners = (run.owner for run in self.store.study_runs(self.study_id))
        return any(owner.slot.startswith(f"slurm:{self.job}_") for owner in owners if owner)
