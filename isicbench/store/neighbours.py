"""Databases that lie beside an SQLite file: their runs keep their files in the same folder."""

import contextlib
import sqlite3
from pathlib import Path

from sqlalchemy.engine import URL

from isicbench.store.urls import is_sqlite

MAGIC = b"SQLite format 3\0"

RunKey = tuple[int, str]
"""A run's number and uid."""


def runs_of_neighbours(url: URL) -> frozenset[RunKey] | None:
    """The runs of every other isicbench database in the file's folder, backups included.

    None where that cannot be known: a neighbour that cannot be read, or a database on a server, whose neighbours may be
    anywhere.
    """
    if not is_sqlite(url):
        return None
    own = Path(str(url.database))
    found: set[RunKey] = set()
    try:
        for path in sorted(own.parent.iterdir()):
            if path != own and _is_sqlite_file(path):
                found |= _runs(path)
    except (OSError, sqlite3.Error):
        return None
    return frozenset(found)


def _is_sqlite_file(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def _runs(path: Path) -> set[RunKey]:
    # Without a log beside it nobody writes to it: then it is read as it stands, and no file appears beside it.
    how = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "immutable=1"
    with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?{how}", uri=True)) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not {"runs", "alembic_version"} <= tables:
            return set()
        return {(int(number), str(uid)) for number, uid in connection.execute("SELECT id, uid FROM runs")}
