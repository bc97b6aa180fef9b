"""Other processes on the same database, told by lines what to do, all at the same moment."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from isicbench.errors import StoreError
from isicbench.records import Owner, RunStatus
from isicbench.store.store import open_store
from tests.store.store_records import request

ROOT = Path(__file__).parents[2]


class Peer:
    """Our ends of the pipes to another process."""

    def __init__(self, orders: int, answers: int) -> None:
        self._orders = os.fdopen(orders, "w")
        self._answers = os.fdopen(answers)

    def tell(self, order: Sequence[object]) -> None:
        print(json.dumps(order), file=self._orders, flush=True)

    def answer(self) -> Any:
        return json.loads(self._answers.readline())

    def end(self) -> None:
        self._orders.close()
        self._answers.close()


@contextmanager
def peers(count: int) -> Iterator[list[Peer]]:
    """Start one process that imports everything once and then splits into `count` of them."""
    theirs, ours = [], []
    for _ in range(count):
        order_reader, order_writer = os.pipe()
        answer_reader, answer_writer = os.pipe()
        theirs += [order_reader, answer_writer]
        ours.append(Peer(order_writer, answer_reader))
    command = [sys.executable, "-m", "tests.store.peers", *map(str, theirs)]
    process = subprocess.Popen(command, pass_fds=theirs, cwd=ROOT)
    for end in theirs:
        os.close(end)
    try:
        yield ours
    finally:
        for peer in ours:
            peer.end()
        process.wait(timeout=60)


def ask_all(everybody: Sequence[Peer], *orders: Sequence[object]) -> list[Any]:
    """Give each its order (one for all, or one each), then wait for all the answers."""
    given = orders * len(everybody) if len(orders) == 1 else orders
    for peer, order in zip(everybody, given, strict=True):
        peer.tell(order)
    return [peer.answer() for peer in everybody]


def open_database(database: str) -> str:
    try:
        return "opened" if open_store(database).runs() == [] else "opened, with runs"
    except StoreError as error:
        return str(error)


def train_all(database: str, study_id: int, slot: str) -> list[int]:
    """Claim and complete runs of the study in the slot until none is queued; returns the claimed ones."""
    store = open_store(database, create=False)
    owner = Owner(host="host-a", pid=1, process_started=0.0, slot=slot)
    claimed = []
    while queued := store.queued_runs(study_id, limit=1):
        run_id = queued[0].id
        if store.claim(run_id, owner, log_path="") is None:
            continue
        claimed.append(run_id)
        assert len([run for run in store.running_runs() if run.owner == owner]) == 1
        store.finish(run_id, RunStatus.COMPLETED)
    return claimed


def ask_for(database: str, seeds: Sequence[int]) -> list[int]:
    """A study of one experiment with these seeds; returns its runs."""
    return list(open_store(database).add_study("isicbench run", [request(seed=seed) for seed in seeds]).run_ids)


ORDERS: dict[str, Callable[..., Any]] = {"open": open_database, "train": train_all, "ask": ask_for}


def main(pipes: Sequence[int]) -> None:
    import alembic.command  # noqa: F401  (beforehand, so that all migrate at the same moment)

    pairs = list(zip(pipes[::2], pipes[1::2], strict=True))
    for pair in pairs:
        if os.fork() == 0:
            for other in set(pipes) - set(pair):
                os.close(other)
            serve(*pair)
            os._exit(0)
    for end in pipes:
        os.close(end)
    for _ in pairs:
        os.wait()


def serve(orders: int, answers: int) -> None:
    with os.fdopen(orders) as given, os.fdopen(answers, "w") as answered:
        for line in given:
            order, *arguments = json.loads(line)
            print(json.dumps(ORDERS[order](*arguments)), file=answered, flush=True)


if __name__ == "__main__":
    main([int(end) for end in sys.argv[1:]])
