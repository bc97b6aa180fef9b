"""The long-lived process that a slot runs.

It reads lines on standard input (`train 17 18`, `stop`) and answers on standard output (`17=completed 18=diverged`).
When the input ends, its scheduler is gone, and it stops as well. Whatever the libraries print goes to the log of the
run at hand.
"""

import argparse
import faulthandler
import math
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

import torch

from isicbench.compute.processes import host_name, process_started
from isicbench.errors import StoreError
from isicbench.records import Owner, RunRecord
from isicbench.scheduling.checkpoints import find_continuation
from isicbench.scheduling.execution import execute
from isicbench.scheduling.run_folder import log_path, recorded_path
from isicbench.store.reconnecting import across_restarts
from isicbench.store.store import Store, open_store
from isicbench.training.state import TrainingState

STOP_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)
"""A cluster's notice of pre-emption (SIGUSR1) goes to every process of a job."""


def main() -> None:
    arguments = parse_arguments()
    answers = _take_standard_output()
    faulthandler.enable()
    torch.set_num_threads(arguments.threads)
    orders = Orders(sys.stdin)
    for number in STOP_SIGNALS:
        signal.signal(number, lambda *_: orders.stop())
    worker = Worker(
        store=across_restarts(open_store)(os.environ["ISICBENCH_DB"], create=False),
        owner=Owner(host=host_name(), pid=os.getpid(), process_started=process_started(), slot=arguments.slot),
        device=torch.device(arguments.device),
        should_stop=orders.stop_requested.is_set,
        checkpoint_minutes=arguments.checkpoint_minutes,
        watchdog=Watchdog(arguments.hang_seconds),
    )
    for run_ids in orders:
        became = worker.serve(run_ids)
        print(*(f"{run_id}={status}" for run_id, status in became.items()), file=answers, flush=True)


def parse_arguments() -> argparse.Namespace:
    """The database is not among them: a URL may hold a password, and arguments stand in the process list."""
    parser = argparse.ArgumentParser(prog="isicbench worker")
    parser.add_argument("--slot", required=True)
    parser.add_argument("--device", required=True, choices=["cpu", "cuda"])
    parser.add_argument("--threads", required=True, type=int)
    parser.add_argument("--checkpoint-minutes", required=True, type=float)
    parser.add_argument("--hang-seconds", required=True, type=float)
    return parser.parse_args()


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Executes runs on one slot."""

    store: Store
    owner: Owner
    device: torch.device
    should_stop: Callable[[], bool]
    checkpoint_minutes: float
    watchdog: "Watchdog"

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


class Watchdog:
    """Writes every thread's stack to the run's log where nothing has moved for `seconds`; 0 never does.

    The scheduler then ends the process: one that hangs cannot.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._armed_at = -math.inf

    def __enter__(self) -> None:
        self._armed_at = -math.inf
        self.moved()

    def __exit__(self, *_: object) -> None:
        faulthandler.cancel_dump_traceback_later()

    def moved(self) -> None:
        """Begin to wait anew; at most once a second, as it starts a thread."""
        if self._seconds and time.monotonic() - self._armed_at >= 1:
            faulthandler.dump_traceback_later(self._seconds, exit=False)
            self._armed_at = time.monotonic()


class Orders:
    """The groups of run ids that the scheduler sends; read by a thread, so that a stop is heard during a training."""

    def __init__(self, source: TextIO) -> None:
        self.stop_requested = threading.Event()
        self._waiting: queue.Queue[list[int] | None] = queue.Queue()
        threading.Thread(target=self._read, args=(source,), daemon=True).start()

    def __iter__(self) -> Iterator[list[int]]:
        while (run_ids := self._waiting.get()) is not None:
            yield run_ids

    def stop(self) -> None:
        self.stop_requested.set()
        self._waiting.put(None)

    def _read(self, source: TextIO) -> None:
        for line in source:
            match line.split():
                case ["train", *run_ids]:
                    self._waiting.put([int(run_id) for run_id in run_ids])
                case ["stop"]:
                    break
        self.stop()


@contextmanager
def logging_to(path: Path) -> Iterator[None]:
    """Send this process's output and error streams to a file, those of its libraries too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    before = os.dup(sys.stderr.fileno())
    with path.open("a") as log:
        _point_streams_at(log.fileno())
    try:
        yield
    finally:
        _point_streams_at(before)
        os.close(before)


def _take_standard_output() -> TextIO:
    """Keep the scheduler's end for answers alone; prints go to standard error, the worker's log."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    _point_streams_at(sys.stderr.fileno())
    return answers


def _point_streams_at(target: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(target, 1)
    os.dup2(target, 2)


if __name__ == "__main__":
    main()
