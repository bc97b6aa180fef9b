"""Trains a study in a Slurm array: submits it, follows its elements, tells of the lost ones, and cancels it.

The elements work by themselves (see `slurm_element`). What they cannot know of each other is known here: whether one is
gone, and that none is left while runs are still queued.
"""

import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

from isicbench.errors import ClusterError
from isicbench.records import RunStatus
from isicbench.scheduling.burial import Undertaker
from isicbench.scheduling.disk_space import require_no_full_disk
from isicbench.scheduling.safeguards import Safeguards
from isicbench.scheduling.scheduler import DEATHS, POLL_SECONDS
from isicbench.scheduling.slurm_array import SlurmArray
from isicbench.scheduling.slurm_commands import Element
from isicbench.scheduling.slurm_job import SlurmJob
from isicbench.scheduling.stop_signals import stop_signals
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
        self._array: SlurmArray | None = None
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
                if self._array:
                    with suppress(ClusterError):  # what has gone wrong is told, not what may go wrong now
                        self._array.cancel()
                raise
            if self._array and self.stopping:
                self._cancel(self._array)
            elif self._array:
                self._array.give_back_places()
        self._observe()

    def _follow(self) -> None:
        next_question = 0.0
        while not self.stopping and self._is_unfinished():
            self._observe()
            self._undertaker.look(self._store.heartbeats())
            self._store.retry_dead(self._study_id, kinds=DEATHS, retries=self._safeguards.retries)
            if time.monotonic() >= next_question:
                self._look_after_array()
                next_question = time.monotonic() + QUEUE_SECONDS
            time.sleep(POLL_SECONDS)

    def _look_after_array(self) -> None:
        if self._array:
            before = self._array.unsettled()
            found = self._array.elements()
            if found is None:
                self._tell_once("Slurm does not answer; its job goes on without")
                return
            self._array.settle(before, found)
            if not all(element.is_over for element in found.values()):
                self._tell_why_it_waits(found)
                return
            self._array.require_worth_another(found, queued=self._queued())
        if queued := self._queued():
            require_no_full_disk(self._store, self._study_id)
            self._submit(min(self._workers, queued))

    def _submit(self, workers: int) -> None:
        script = self._job.script(workers=workers, folder=self._store.folder, safeguards=self._safeguards)
        array = SlurmArray.submit(self._store, self._study_id, script=script)
        self._array = array
        self._tell(f"Slurm job {array.job}: {workers} worker{'s' if workers > 1 else ''}; logs: {array.logs}")

    def _cancel(self, array: SlurmArray) -> None:
        """Cancel the array, and wait until its elements have saved and left, or Slurm has killed them."""
        array.cancel()
        deadline = time.monotonic() + CANCEL_SECONDS
        while not array.is_over():
            if self._in_a_hurry or time.monotonic() > deadline:
                self._tell(f"Slurm's job {array.job} is cancelled and has not ended yet; see: squeue")
                return
            self._observe()
            time.sleep(POLL_SECONDS)
        for run, _ in array.unsettled():
            self._store.finish(run.id, RunStatus.INTERRUPTED)

    def _is_unfinished(self) -> bool:
        """Whether a run is queued or running, or was let go of by an element that is told to leave."""
        progress = self._store.study_progress(self._study_id)
        if progress.get(RunStatus.QUEUED) or progress.get(RunStatus.RUNNING):
            return True
        return RunStatus.INTERRUPTED in progress and self._array is not None and bool(self._array.unsettled())

    def _queued(self) -> int:
        return self._store.study_progress(self._study_id).get(RunStatus.QUEUED, 0)

    def _tell_why_it_waits(self, found: Mapping[int, Element]) -> None:
        if self._array and all(element.waits for element in found.values()):
            reasons = ", ".join(sorted({element.reason for element in found.values()}))
            self._tell_once(f"Slurm job {self._array.job} waits: {reasons}")

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
        before = {number: signal.signal(number, self._stop) for number in stop_signals()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
