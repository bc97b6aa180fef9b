"""The long-lived process that a slot runs.

It reads lines on standard input (`train 17 18`, `stop`) and answers on standard output (`17=completed 18=diverged`).
When the input ends, its scheduler is gone, and it stops as well. Whatever the libraries print goes to the log of the
run at hand.
"""

import argparse
import faulthandler
import os
import queue
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TextIO

import torch

from isicbench.compute.processes import host_name, process_started
from isicbench.errors import StoreError
from isicbench.records import Owner, RunRecord
from isicbench.scheduling.execution import execute
from isicbench.scheduling.run_folder import log_path, recorded_path
from isicbench.store.store import Store, open_store


def main() -> None:
    arguments = parse_arguments()
    answers = _take_standard_output()
    faulthandler.enable()
    torch.set_num_threads(arguments.threads)
    device = torch.device(arguments.device)
    orders = Orders(sys.stdin)
    signal.signal(signal.SIGTERM, lambda *_: orders.stop())
    owner = Owner(host=host_name(), pid=os.getpid(), process_started=process_started(), slot=arguments.slot)
    store = open_store(os.environ["ISICBENCH_DB"], create=False)
    for run_ids in orders:
        became = serve(store, run_ids, owner=owner, device=device, orders=orders)
        print(*(f"{run_id}={status}" for run_id, status in became.items()), file=answers, flush=True)


def parse_arguments() -> argparse.Namespace:
    """The database is not among them: a URL may hold a password, and arguments stand in the process list."""
    parser = argparse.ArgumentParser(prog="isicbench worker")
    parser.add_argument("--slot", required=True)
    parser.add_argument("--device", required=True, choices=["cpu", "cuda"])
    parser.add_argument("--threads", required=True, type=int)
    return parser.parse_args()


def serve(
    store: Store, run_ids: Sequence[int], *, owner: Owner, device: torch.device, orders: "Orders"
) -> dict[int, str]:
    """Claim and execute runs, side by side; what became of each.

    `refused` is what is somebody else's by now, or cannot start because another study holds the slot.
    """
    claimed: list[RunRecord] = []
    for run_id in run_ids:
        if run := _claim(store, run_id, owner, beside=claimed):
            claimed.append(run)
    became = dict.fromkeys(run_ids, "refused")
    if claimed:
        with logging_to(store.folder.parent / claimed[0].log_path):
            ended = execute(store, claimed, device=device, should_stop=orders.stop_requested.is_set)
        became |= {run_id: status.value for run_id, status in ended.items()}
    return became


def _claim(store: Store, run_id: int, owner: Owner, *, beside: Sequence[RunRecord]) -> RunRecord | None:
    """The first claimed run takes the slot itself; those that train beside it have places of their own, and its log."""
    try:
        log = beside[0].log_path if beside else recorded_path(store.folder, log_path(store.folder, store.run(run_id)))
    except StoreError:
        return None  # removed since it was handed over
    place = replace(owner, slot=f"{owner.slot}+{len(beside)}") if beside else owner
    return store.claim(run_id, place, log_path=log)


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
