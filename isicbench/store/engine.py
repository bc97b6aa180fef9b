"""Connections and transactions: how SQLite is told to serve many processes."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import DBAPIError, NoSuchModuleError
from sqlalchemy.orm import Session

from isicbench.errors import StoreError
from isicbench.store.urls import is_sqlite, shown_url

BUSY_SECONDS = 60
"""How long a write waits for another process's before it gives up."""
WRITES = "isicbench_writes"
"""Execution option of a connection whose transactions are the database's only writing ones while they last."""
ADVISORY_LOCK = 0x151CBE7C


def open_engine(url: URL, *, foreign_keys: bool = True) -> Engine:
    """An engine for the URL; raises `StoreError` where the database's driver is not installed."""
    try:
        if is_sqlite(url):
            engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})
            _manage_sqlite(engine, foreign_keys=foreign_keys)
            return engine
        engine = create_engine(url, pool_pre_ping=True)
        _manage_server(engine)
        return engine
    except (ImportError, NoSuchModuleError) as error:
        raise StoreError(
            f"{shown_url(url)}: the driver for it is not installed ({error})",
            hint="For PostgreSQL: pip install 'isicbench[postgres]'",
        ) from error


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session that sees one state of the database."""
    with translating(engine.url), Session(engine) as session:
        yield session


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


def _manage_sqlite(engine: Engine, *, foreign_keys: bool) -> None:
    """Take the transactions out of the driver's hands: it would begin them late and never IMMEDIATE."""

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}")
        if not foreign_keys:  # a migration rebuilds tables, which a view of the user's own must not forbid
            connection.execute("PRAGMA legacy_alter_table=ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _manage_server(engine: Engine) -> None:
    """One writer at a time on a server too, so that what a writer has read holds until it commits."""

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get(WRITES, False):
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")


@contextmanager
def translating(url: URL) -> Iterator[None]:
    """Turn the driver's errors that a user can mend into a `StoreError`."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        said = str(error.orig if isinstance(error, DBAPIError) else error)
        for sign, (problem, hint) in _PROBLEMS.items():
            if sign in said:
                reason = f" ({said.splitlines()[0]})" if problem == SERVER_PROBLEM else ""
                raise StoreError(f"{shown_url(url)}: {problem}{reason}", hint=hint) from error
        raise


SERVER_PROBLEM = "no connection to the server"
_SERVER_HINT = "Is it running, and are host, port, user and database right?"
_PROBLEMS = {
    "file is not a database": ("not a database", "Name another file with --db, or move this one away."),
    "unable to open database file": ("cannot be opened", "Does its folder exist, and may you write there?"),
    "attempt to write a readonly database": ("may not be written", "Check its permissions and its folder's."),
    "database is locked": ("locked by another process for over a minute", "Is it on a network file system?"),
    "disk is full": ("the disk is full", "Free some space; nothing that was recorded is lost."),
    "database disk image is malformed": ("damaged", "Take the last backup, or sqlite3 FILE .recover"),
    "disk I/O error": ("cannot be read or written", "Is its disk full or gone, or on a network file system?"),
    "connection failed": (SERVER_PROBLEM, _SERVER_HINT),
    "connection to server": (SERVER_PROBLEM, _SERVER_HINT),
    "server closed the connection": (SERVER_PROBLEM, _SERVER_HINT),
    "terminating connection": (SERVER_PROBLEM, _SERVER_HINT),
    "connection is lost": (SERVER_PROBLEM, _SERVER_HINT),
}
