"""Trains a study in a Slurm array: submits it, follows its elements, tells of the lost ones, and cancels it.

The elements work by themselves (see `slurm_element`). What they cannot know of each other is known here: whether one is
gone, and that none is left while runs are still queued.
"""

import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

from isicbench.errors import ClusterError
from isicbench.records import Failure, RunRecord, RunStatus
from isicbench.scheduling.run_files import SLOT_LOGS
from isicbench.scheduling.safeguards import Safeguards
from isicbench.scheduling.scheduler import DEATHS, POLL_SECONDS, STOP_SIGNALS, Undertaker
from isicbench.scheduling.slurm_commands import CANCELLED, COMPLETED, Element, cancel, elements, submit
from isicbench.scheduling.slurm_job import STUDY, SlurmJob, log_of, said_in
from isicbench.scheduling.slurm_slots import unsettled_runs
from isicbench.store.store import Store

QUEUE_SECONDS = 5.0
"""Between two questions to Slurm, which answers all of its users."""
CANCEL_SECONDS = 180.0
"""Slurm gives a cancelled job half a minute by default (KillWait) before it kills it."""


class SlurmExecutor:
    """Trains one study; `observe` is called about twice a second, `tell` gets a line for people now and then."""

    def __init__(
        self,
        store: Store,
        study_id: int,
        job: SlurmJob,
        *,
        workers: int,
        safeguards: Safeguards,
        observe: Callable[[], None],
        tell: Callable[[str], None],
    ) -> None:
        self.stopping = False
        self._in_a_hurry = False
        self._store = store
        self._study_id = study_id
        self._job = job
        self._workers = workers
        self._safeguards = safeguards
        self._observe = observe
        self._tell = tell
        self._submitted: int | None = None
        self._told = ""
        self._undertaker = Undertaker(store)

    def run(self) -> None:
        """Return when no run of the study is left, or after a stop, when no element of the array is.

        Raises `ClusterError` where Slurm does not take the array, somebody else cancels it, or none of its elements
        begins a run.
        """
        with self._listening_for_stop():
            try:
                self._follow()
            except BaseException:
                self._call_off()
                raise
            if self.stopping:
                self._cancel()
            else:
                self._give_back_places()
        self._observe()

    def _follow(self) -> None:
        next_question = 0.0
        while not self.stopping and self._is_unfinished():
            self._observe()
            self._undertaker.look()
            self._store.retry_dead(self._study_id, kinds=DEATHS, retries=self._safeguards.retries)
            if time.monotonic() >= next_question:
                self._look_after_array()
                next_question = time.monotonic() + QUEUE_SECONDS
            time.sleep(POLL_SECONDS)

    def _look_after_array(self) -> None:
        if self._submitted is not None:
            before = self._unsettled()
            found = elements(self._submitted)
            if found is None:
                self._tell_once("Slurm does not answer; its job goes on without")
                return
            self._settle(before, found)
            if not all(element.is_over for element in found.values()):
                self._tell_why_it_waits(found)
                return
            self._require_worth_another(self._submitted, found)
        if queued := self._queued():
            self._submit(min(self._workers, queued))

    def _submit(self, workers: int) -> None:
        (self._store.folder / SLOT_LOGS).mkdir(parents=True, exist_ok=True)
        script = self._job.script(workers=workers, folder=self._store.folder, safeguards=self._safeguards)
        self._submitted = submit(script, {"ISICBENCH_DB": self._store.url, STUDY: str(self._study_id)})
        logs = log_of(self._store.folder, self._submitted, "*")
        self._tell(f"Slurm job {self._submitted}: {workers} worker{'s' if workers > 1 else ''}; logs: {logs}")

    def _settle(self, before: list[tuple[RunRecord, int]], found: Mapping[int, Element]) -> None:
        """Runs of elements that are gone: failed where they were at work, queued again where they had saved.

        `before` was read before Slurm was asked: who trained then and is gone now has ended in between.
        """
        for run, number in before:
            element = found.get(number)
            if element is not None and element.lives:
                continue
            if run.status is RunStatus.INTERRUPTED:
                if element is None or element.state != CANCELLED:
                    self._store.queue_again([run.id])
            elif self._store.run(run.id).owner == run.owner:
                state = f" ({element.state})" if element else ""
                message = f"its worker was lost with element {number} of Slurm's job {self._submitted}{state}"
                self._store.finish(run.id, RunStatus.FAILED, failure=Failure(kind="lost", message=message))

    def _require_worth_another(self, job: int, found: Mapping[int, Element]) -> None:
        """Raise `ClusterError` where a further array would fare no better than this one, which is over."""
        left = self._queued() + len(self._unsettled())
        states = {element.state for element in found.values()}
        if left and CANCELLED in states:
            raise ClusterError(
                f"Slurm's job {job} was cancelled, with {left} run{'s' if left > 1 else ''} left",
                hint="Go on with them: isicbench resume --all --executor slurm",
            )
        begun = any(f"slurm:{job}_" in run.owner.slot for run in self._store.study_runs(self._study_id) if run.owner)
        if left and not begun and COMPLETED not in states:
            log = log_of(self._store.folder, job, min(found, default=0))
            raise ClusterError(f"no worker of Slurm's job {job} began a run: {said_in(log)}", hint=f"Its log: {log}")

    def _call_off(self) -> None:
        """What has gone wrong is told, rather than what may go wrong now."""
        if self._submitted is not None:
            with suppress(ClusterError):
                cancel(self._submitted)

    def _give_back_places(self) -> None:
        """Those that elements still wait for: the others leave by themselves, as do these if they begin just now."""
        found = elements(self._submitted) if self._submitted is not None else None
        if self._submitted is not None and found and any(element.waits for element in found.values()):
            with suppress(ClusterError):
                cancel(self._submitted, "--state=PENDING")

    def _cancel(self) -> None:
        """Cancel the array, and wait until its elements have saved and left, or Slurm has killed them."""
        if self._submitted is None:
            return
        cancel(self._submitted)
        deadline = time.monotonic() + CANCEL_SECONDS
        while not self._is_over(self._submitted):
            if self._in_a_hurry or time.monotonic() > deadline:
                self._tell(f"Slurm's job {self._submitted} is cancelled and has not ended yet; see: squeue")
                return
            self._observe()
            time.sleep(POLL_SECONDS)
        for run, _ in self._unsettled():
            self._store.finish(run.id, RunStatus.INTERRUPTED)

    def _is_over(self, job: int) -> bool:
        found = elements(job)
        return found is not None and all(element.is_over for element in found.values())

    def _is_unfinished(self) -> bool:
        """Whether a run is queued or running, or was let go of by an element that is told to leave."""
        progress = self._store.study_progress(self._study_id)
        if progress.get(RunStatus.QUEUED) or progress.get(RunStatus.RUNNING):
            return True
        return RunStatus.INTERRUPTED in progress and bool(self._unsettled())

    def _unsettled(self) -> list[tuple[RunRecord, int]]:
        """Runs that the array's elements train or have let go of, each with the element's number."""
        return unsettled_runs(self._store, self._study_id, job=self._submitted) if self._submitted is not None else []

    def _queued(self) -> int:
        return self._store.study_progress(self._study_id).get(RunStatus.QUEUED, 0)

    def _tell_why_it_waits(self, found: Mapping[int, Element]) -> None:
        if all(element.waits for element in found.values()):
            reasons = ", ".join(sorted({element.reason for element in found.values()}))
            self._tell_once(f"Slurm job {self._submitted} waits: {reasons}")

    def _tell_once(self, line: str) -> None:
        if line != self._told:
            self._told = line
            self._tell(line)

    def _stop(self, *_: object) -> None:
        """Once: the array is cancelled, whose workers finish their step and save. Twice: nobody waits for them here."""
        self._in_a_hurry = self.stopping
        self.stopping = True

    @contextmanager
    def _listening_for_stop(self) -> Iterator[None]:
        before = {number: signal.signal(number, self._stop) for number in STOP_SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
