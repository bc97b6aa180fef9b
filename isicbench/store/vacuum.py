"""Giving the space of removed rows back to the disk."""

import contextlib
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import URL

from isicbench.errors import StoreError
from isicbench.store.engine import BUSY_SECONDS
from isicbench.store.integrity import require_sound
from isicbench.store.problems import translating
from isicbench.store.urls import is_sqlite, shown_url, typed_url

ROOM = 2
"""Times the file's size that must be free: SQLite writes a new copy, and logs it before it takes effect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vacuumed:
    bytes_before: int
    bytes_after: int


def vacuum(url: URL) -> Vacuumed:
    """Rewrite the file without the gaps that removed runs left; a vacuum that is killed leaves it as it was.

    Raises `StoreError` for a damaged file, where there is too little room, and for a server's database.
    """
    if not is_sqlite(url):
        raise StoreError(
            f"{shown_url(url)}: a server looks after its space itself",
            hint=f"If ever, while nothing runs: psql {typed_url(url)} -c 'VACUUM FULL'",
        )
    path = Path(str(url.database))
    require_sound(url)
    before = path.stat().st_size
    _require_room(path, before)
    with translating(url), contextlib.closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as connection:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return Vacuumed(bytes_before=before, bytes_after=path.stat().st_size)


def _require_room(path: Path, size: int) -> None:
    free = shutil.disk_usage(path.parent).free
    if free < ROOM * size:
        raise StoreError(
            f"{path}: {free} bytes are free on its disk, {ROOM * size} are needed for a while",
            hint="Free some space first; nothing was changed.",
        )
