"""An element of a Slurm array: the scheduler of one study, on what Slurm has given it.

It pulls runs from the database as long as some are queued, and needs no other process: not even the command that has
submitted it.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from isicbench.compute.devices import visible_gpus
from isicbench.compute.processes import host_name
from isicbench.compute.slots import Slot
from isicbench.errors import ClusterError, ConfigError, DataError, DeviceError, IsicbenchError
from isicbench.records import Failure, RunStatus
from isicbench.scheduling.local_workers import LocalWorkers
from isicbench.scheduling.node_files import files_needed, missing_here
from isicbench.scheduling.safeguards import Safeguards
from isicbench.scheduling.scheduler import Scheduler
from isicbench.scheduling.slurm_commands import elements, requeue
from isicbench.scheduling.slurm_slots import ElementId, allocated_slots, unsettled_runs
from isicbench.store.reconnecting import across_restarts
from isicbench.store.store import Store, open_store

BEING_TOLD = ("RUNNING", "SIGNALING")
"""States of an element that Slurm has given notice and not ended."""


class ElementWorkers(LocalWorkers):
    """Worker processes on what one element has."""

    resumes_interrupted = True
    lent_by_queue = True

    def __init__(self, store: Store, slots: Sequence[Slot], *, element_count: int, safeguards: Safeguards) -> None:
        super().__init__(store, slots, safeguards=safeguards)
        self.slots_elsewhere = len(slots) * (element_count - 1)


@dataclass(frozen=True, slots=True)
class Allocation:
    """This element, and the study that it trains."""

    store: Store
    study_id: int
    element: ElementId

    def take_up_its_past(self) -> None:
        """An element that was queued again finds what it trained before: nobody else trains that by now."""
        for run, number in unsettled_runs(self.store, self.study_id, job=self.element.job):
            if number == self.element.number and run.status is RunStatus.RUNNING:
                message = f"its worker was lost with element {number} of Slurm's job {self.element.job}"
                self.store.finish(run.id, RunStatus.FAILED, failure=Failure(kind="lost", message=message))
        self._queue_what_it_left()

    def obey_notice(self) -> None:
        """After a stop: where Slurm takes the machine away, others may go on with the runs, and this element waits for
        another place. Where somebody has cancelled it, they stay interrupted."""
        state = (elements(self.element.job) or {}).get(self.element.number)
        if state is None or state.state not in BEING_TOLD:
            return
        self._queue_what_it_left()
        if self.has_queued_runs:
            requeue(self.element.job, self.element.number)

    @property
    def has_queued_runs(self) -> bool:
        return bool(self.store.study_progress(self.study_id).get(RunStatus.QUEUED))

    def _queue_what_it_left(self) -> None:
        runs = unsettled_runs(self.store, self.study_id, job=self.element.job)
        self.store.queue_again([run.id for run, number in runs if number == self.element.number])


def main() -> int:
    """Returns the exit code: 0 where nothing is left to train, or others do."""
    arguments = _parse_arguments()
    try:
        return _train(arguments, os.environ)
    except IsicbenchError as error:
        print(f"Error: {host_name()}: {error}", file=sys.stderr)
        return error.exit_code


def _train(arguments: argparse.Namespace, environment: Mapping[str, str]) -> int:
    element = ElementId(int(environment["SLURM_ARRAY_JOB_ID"]), int(environment["SLURM_ARRAY_TASK_ID"]))
    _require_folder(arguments.folder)
    store = across_restarts(open_store)(environment["ISICBENCH_DB"], create=False)
    _require_files(store, arguments.study)
    safeguards = Safeguards(
        checkpoint_minutes=arguments.checkpoint_minutes, hang_minutes=arguments.hang_minutes, retries=arguments.retries
    )
    if arguments.device == "cuda" and "CUDA_VISIBLE_DEVICES" not in environment:
        raise DeviceError("Slurm has not said which GPU is this job's (CUDA_VISIBLE_DEVICES)")
    slots = allocated_slots(
        element,
        device=arguments.device,
        gpus=visible_gpus() if arguments.device == "cuda" else (),
        jobs_per_device=arguments.jobs_per_device,
        threads=arguments.cores_per_run,
    )
    allocation = Allocation(store, arguments.study, element)
    allocation.take_up_its_past()
    element_count = int(environment["SLURM_ARRAY_TASK_COUNT"])
    workers = ElementWorkers(store, slots, element_count=element_count, safeguards=safeguards)
    scheduler = Scheduler(store, arguments.study, workers, safeguards=safeguards)
    scheduler.run()
    if scheduler.stopping:
        allocation.obey_notice()
    elif allocation.has_queued_runs:
        raise ClusterError("workers end here before they begin a run")
    return 0


def _require_folder(folder: Path) -> None:
    """Where a node has not this folder, Slurm begins in another one."""
    if not folder.is_dir() or not folder.samefile(Path.cwd()):
        raise ConfigError(
            f"{folder} is not there",
            hint="Runs keep their logs, checkpoints and weights there: let the nodes share that folder.",
        )


def _require_files(store: Store, study_id: int) -> None:
    if missing := missing_here(files_needed([run.config for run in store.study_runs(study_id)])):
        raise DataError(
            f"{missing[0].path} is not there",
            hint="Let the nodes share the cache folder: the same ISICBENCH_HOME on a shared file system.",
        )


def _parse_arguments() -> argparse.Namespace:
    """The database is not among them: a URL may hold a password, and arguments stand in the process list."""
    parser = argparse.ArgumentParser(prog="isicbench element")
    parser.add_argument("--study", required=True, type=int)
    parser.add_argument("--folder", required=True, type=Path)
    parser.add_argument("--device", required=True, choices=["cpu", "cuda"])
    parser.add_argument("--jobs-per-device", required=True, type=int)
    parser.add_argument("--cores-per-run", required=True, type=int)
    parser.add_argument("--checkpoint-minutes", required=True, type=float)
    parser.add_argument("--hang-minutes", required=True, type=float)
    parser.add_argument("--retries", required=True, type=int)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
