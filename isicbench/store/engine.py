"""Connections and transactions: how SQLite is told to serve many processes."""

import functools
import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import NoSuchModuleError, OperationalError
from sqlalchemy.orm import Session

from isicbench.compute.filesystems import network_file_system
from isicbench.errors import StoreError
from isicbench.store.problems import reason, translating
from isicbench.store.server import WRITES, one_state, open_server
from isicbench.store.urls import is_sqlite, shown_url

BUSY_SECONDS = 30
"""How long SQLite itself waits for another process's write."""
BEGIN_ATTEMPTS = 3
"""How often a write is begun before it gives up: SQLite's own waiting ends at once in some cases, as in recovery."""
PATIENT_ATTEMPTS = 10
"""For what hours were trained for: another program may hold a change that it has not ended. Five minutes, as a server
may be away."""
PAUSE_SECONDS = 0.1
ATTEMPTS = "isicbench_begin_attempts"
"""The execution option of an engine whose writes begin more or less often than `BEGIN_ATTEMPTS`."""


def open_engine(url: URL, *, foreign_keys: bool = True, read_only: bool = False) -> Engine:
    """An engine for the URL; raises `StoreError` where the database's driver is not installed.

    With `read_only` the database itself refuses every write.
    """
    try:
        if is_sqlite(url):
            engine = _read_only_file(url) if read_only else create_engine(url, connect_args={"timeout": BUSY_SECONDS})
            _manage_sqlite(engine, foreign_keys=foreign_keys)
            return engine
        return open_server(url, read_only=read_only)
    except (ImportError, NoSuchModuleError) as error:
        raise StoreError(
            f"{shown_url(url)}: the driver for it is not installed ({error})",
            hint="For PostgreSQL: pip install 'isicbench[postgres]'",
        ) from error


@contextmanager
def read_only(url: URL) -> Iterator[Connection]:
    """A connection that sees one state of the database and cannot change it."""
    if is_sqlite(url):
        engine = create_engine(url, creator=lambda: _connect_read_only(url))
    else:
        engine = one_state(open_engine(url))
    try:
        with translating(url), engine.connect() as connection, connection.begin():
            yield connection
    finally:
        engine.dispose()


def _connect_read_only(url: URL) -> sqlite3.Connection:
    """An SQLite file whose folder may not be written either, as on a medium, is read as it stands."""
    path = Path(str(url.database))
    has_log = path.with_name(f"{path.name}-wal").exists()
    how = "mode=ro" if has_log or os.access(path.parent, os.W_OK) else "immutable=1"
    connection = sqlite3.connect(f"{path.as_uri()}?{how}", uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    connection.execute("BEGIN")
    return connection


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session that sees one state of the database.

    A value that cannot be what the schema says (a date, JSON, a status) comes from a damaged file: a `StoreError`.
    """
    try:
        with translating(engine.url), Session(one_state(engine)) as session:
            yield session
    except OverflowError as error:
        raise StoreError(
            f"{shown_url(engine.url)}: a number too large for any run or study", hint="See: isicbench list"
        ) from error
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise StoreError(
            f"{shown_url(engine.url)}: a row cannot be read ({type(error).__name__}: {reason(str(error))})",
            hint="See what is damaged: isicbench db check. Then take the last backup.",
        ) from error


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """A session whose transaction takes the write lock at its begin and commits at its end.

    One that reads first and then writes would fail under load: SQLite cannot wait for a lock in its middle.
    """
    with translating(engine.url), Session(writer(engine)) as session, session.begin():
        yield session


def writer(engine: Engine) -> Engine:
    """The same engine, with transactions that take the write lock at their begin."""
    return engine.execution_options(**{WRITES: True})


def patient(engine: Engine) -> Engine:
    """The same engine, whose writes wait for a lock as long as a worker should."""
    return engine.execution_options(**{ATTEMPTS: PATIENT_ATTEMPTS})


def _read_only_file(url: URL) -> Engine:
    """SQLite's own read-only mode, which its URI names; the connections are used by one thread at a time."""
    address = f"{Path(str(url.database)).as_uri()}?mode=ro"
    return create_engine(
        url,
        creator=lambda: sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, check_same_thread=False),
    )


def _manage_sqlite(engine: Engine, *, foreign_keys: bool) -> None:
    """Take the transactions out of the driver's hands: it would begin them late and never IMMEDIATE."""

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}")
        if foreign_keys:  # a power cut may cost the last seconds and, with a log beside the file, never the file
            connection.execute("PRAGMA synchronous=NORMAL")
        else:  # a migration rebuilds tables, which a view of the user's own must not forbid
            connection.execute("PRAGMA legacy_alter_table=ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get(WRITES, False):
            warn_of_network_file_system(Path(str(engine.url.database)))
            _begin_immediate(connection)
        else:
            connection.exec_driver_sql("BEGIN")


def _begin_immediate(connection: Connection) -> None:
    attempts = connection.get_execution_options().get(ATTEMPTS, BEGIN_ATTEMPTS)
    for attempt in range(1, attempts + 1):
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            return
        except OperationalError as error:
            if attempt == attempts or "locked" not in str(error.orig):
                raise
        time.sleep(PAUSE_SECONDS * attempt)


@functools.cache
def warn_of_network_file_system(database: Path) -> None:
    """Say on standard error, once a process, that SQLite's locks cannot be relied on there."""
    if kind := network_file_system(database.parent):
        print(
            f"Warning: {database} lies on a network file system ({kind}), whose locks SQLite cannot rely on: "
            "let one machine at a time write to it, or use PostgreSQL.",
            file=sys.stderr,
        )
