"""Whether an SQLite file is whole, and its rows refer to rows that are there."""

import contextlib
from typing import Literal

from sqlalchemy.engine import URL, Connection

from isicbench.errors import StoreError
from isicbench.store.engine import open_engine
from isicbench.store.problems import DamagedError, translating
from isicbench.store.urls import is_sqlite, shown_url

SHOWN = 3
FULL_CHECK_SHOWN = 100

Pragma = Literal["integrity_check", "foreign_key_check"]


def damages(url: URL) -> list[str]:
    """What SQLite's `integrity_check` finds wrong with the file, at most 100 lines; nothing on a server.

    Raises `StoreError` for a file that cannot be opened at all.
    """
    if not is_sqlite(url):
        return []
    try:
        return [str(row[0]) for row in _rows(url, f"PRAGMA integrity_check({FULL_CHECK_SHOWN})") if row[0] != "ok"]
    except DamagedError as error:  # so damaged that the check itself gives up
        return [f"SQLite's integrity_check gives up: {error.__cause__}".splitlines()[0]]


def dangling_references(url: URL) -> list[str]:
    """Rows that refer to a row that is not there, by SQLite's `foreign_key_check`; a server allows none."""
    if not is_sqlite(url):
        return []
    return [
        f"row {row} of {table} refers to a row of {parent} that is not there"
        for table, row, parent, *_ in _rows(url, "PRAGMA foreign_key_check")
    ]


def require_sound(url: URL) -> None:
    """Raise `StoreError` for a damaged file, before anything is written to it."""
    if found := damages(url):
        lines = "\n".join(f"  {line}" for line in found[:SHOWN])
        raise StoreError(
            f"{shown_url(url)}: damaged, and left as it is\n{lines}",
            hint="Take the last backup, or save what can be read: sqlite3 FILE .recover",
        )


def _rows(url: URL, pragma: str) -> list[tuple[object, ...]]:
    engine = open_engine(url)
    with contextlib.ExitStack() as ends, translating(url):
        ends.callback(engine.dispose)
        connection: Connection = ends.enter_context(engine.connect())
        return [tuple(row) for row in connection.exec_driver_sql(pragma)]
    raise AssertionError("unreachable")
