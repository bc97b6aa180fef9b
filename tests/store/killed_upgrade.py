"""Upgrades a copy of a database in a child that kills itself at the n-th SQL statement, for every n.

    python -m tests.store.killed_upgrade DATABASE FOLDER

Prints one line a child, `N killed` or `N finished`; the last one finished. Statements of every connection count, those
of the backup and of SQLite's own settings too.
"""

import os
import shutil
import signal
import sqlite3
import sys
from pathlib import Path

from isicbench.store.migrate import upgrade
from isicbench.store.urls import database_url


def main() -> None:
    source, folder = Path(sys.argv[1]), Path(sys.argv[2])
    warm_up(source, folder / "warm")
    number, finished = 0, False
    while not finished:
        number += 1
        place = folder / f"{number:04d}"
        place.mkdir()
        shutil.copy(source, place / "results.db")
        finished = in_child(place / "results.db", number)
        print(number, "finished" if finished else "killed", flush=True)


def warm_up(source: Path, place: Path) -> None:
    """Import all that an upgrade needs, once for all children."""
    place.mkdir()
    shutil.copy(source, place / "results.db")
    upgrade(database_url(str(place / "results.db")))


def in_child(database: Path, number: int) -> bool:
    """Whether the upgrade came to its end before the statement `number`."""
    pid = os.fork()
    if pid == 0:
        kill_at_statement(number)
        upgrade(database_url(str(database)))
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return False
    assert os.WEXITSTATUS(status) == 0
    return True


def kill_at_statement(number: int) -> None:
    """Have this process killed as the statement is about to be executed, whichever connection it is on."""
    seen = 0

    def count(_statement: str) -> None:
        nonlocal seen
        seen += 1
        if seen == number:
            os.kill(os.getpid(), signal.SIGKILL)

    connect = sqlite3.connect

    def connect_and_count(*arguments: object, **options: object) -> sqlite3.Connection:
        connection = connect(*arguments, **options)
        connection.set_trace_callback(count)
        return connection

    sqlite3.connect = sqlite3.dbapi2.connect = connect_and_count


if __name__ == "__main__":
    main()
