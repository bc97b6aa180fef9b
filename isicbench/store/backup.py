"""A copy of an SQLite database while others go on writing to it: whole and checked, or not there at all."""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.engine import URL

from isicbench.errors import StoreError
from isicbench.store.engine import BUSY_SECONDS
from isicbench.store.problems import translating
from isicbench.store.urls import is_sqlite, shown_url, typed_url

PAGES_AT_ONCE = 1024


def back_up(url: URL, target: Path) -> Path:
    """Copy the database to the new file `target` by SQLite's online backup; returns the file's path.

    The copy gets the original's permissions, is checked by `integrity_check`, and is renamed to `target` at the end.
    Raises `StoreError`, and leaves nothing behind, where that is not possible or `target` is there already.
    """
    if not is_sqlite(url):
        raise StoreError(
            f"{shown_url(url)}: a server's database is backed up by the server's own tools",
            hint=f"pg_dump --format custom --file results.dump {typed_url(url)}\n"
            f"Or take its results into an SQLite file: isicbench db copy {typed_url(url)} results-copy.db",
        )
    target = target.expanduser().resolve()
    temporary = target.with_name(f".{target.name}.{os.getpid()}.partial")
    with _named(target), translating(url), contextlib.ExitStack() as ends:
        ends.callback(_remove, temporary)
        if target.exists():
            raise StoreError(f"{target} is there already", hint="Name a new file: isicbench db backup FILE")
        _copy(Path(str(url.database)), temporary)
        _check(temporary)
        temporary.rename(target)
    return target


def backup_beside(url: URL, *, label: str) -> Path:
    """Where a backup without a name of its own goes: beside the database, named after `label` and the moment."""
    source = Path(str(url.database))
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    free = (f"{source.name}.{label}-{moment}{number}.backup" for number in ("", *(f"-{n}" for n in range(2, 1000))))
    return next(source.with_name(name) for name in free if not source.with_name(name).exists())


def _copy(source: Path, temporary: Path) -> None:
    temporary.touch()
    shutil.copymode(source, temporary)  # a private database has no public copy
    with (
        contextlib.closing(sqlite3.connect(source, timeout=BUSY_SECONDS)) as old,
        contextlib.closing(sqlite3.connect(temporary)) as new,
    ):
        old.backup(new, pages=PAGES_AT_ONCE)
    with temporary.open("rb") as file:
        os.fsync(file.fileno())


def _check(copy: Path) -> None:
    with contextlib.closing(sqlite3.connect(copy)) as connection:
        found = [row[0] for row in connection.execute("PRAGMA integrity_check(1)")]
    if found != ["ok"]:
        raise StoreError(
            f"the copy is damaged, as the database itself may be: {found[0]}", hint="See: isicbench db check"
        )


def _remove(temporary: Path) -> None:
    for ending in ("", "-journal", "-wal", "-shm"):
        temporary.with_name(temporary.name + ending).unlink(missing_ok=True)


@contextlib.contextmanager
def _named(target: Path) -> Iterator[None]:
    """Errors of writing the copy name the copy, not the database."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{target} cannot be written: {error.strerror or error}", hint="Does its folder exist, with room in it?"
        ) from error
