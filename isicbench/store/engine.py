"""Connections and transactions: how SQLite is told to serve many processes."""

import functools
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import DBAPIError, IntegrityError, NoSuchModuleError, OperationalError
from sqlalchemy.orm import Session

from isicbench.compute.filesystems import network_file_system
from isicbench.errors import StoreError
from isicbench.store.urls import is_sqlite, shown_url

BUSY_SECONDS = 30
"""How long SQLite itself waits for another process's write."""
BEGIN_ATTEMPTS = 3
"""How often a write is begun before it gives up: SQLite's own waiting ends at once in some cases, as in recovery."""
PAUSE_SECONDS = 0.1
WRITES = "isicbench_writes"
"""Execution option of a connection whose transactions are the database's only writing ones while they last."""
ADVISORY_LOCK = 0x151CBE7C


class LockedError(StoreError):
    """Another process holds the database's write lock."""


class DamagedError(StoreError):
    """SQLite cannot make sense of the file."""


def open_engine(url: URL, *, foreign_keys: bool = True, read_only: bool = False) -> Engine:
    """An engine for the URL; raises `StoreError` where the database's driver is not installed.

    With `read_only` the database itself refuses every write.
    """
    try:
        if is_sqlite(url):
            engine = _read_only_file(url) if read_only else create_engine(url, connect_args={"timeout": BUSY_SECONDS})
            _manage_sqlite(engine, foreign_keys=foreign_keys)
            return engine
        engine = create_engine(url, pool_pre_ping=True)
        _manage_server(engine, read_only=read_only)
        return engine
    except (ImportError, NoSuchModuleError) as error:
        raise StoreError(
            f"{shown_url(url)}: the driver for it is not installed ({error})",
            hint="For PostgreSQL: pip install 'isicbench[postgres]'",
        ) from error


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session that sees one state of the database.

    A value that cannot be what the schema says (a date, JSON, a status) comes from a damaged file: a `StoreError`.
    """
    try:
        with translating(engine.url), Session(engine) as session:
            yield session
    except OverflowError as error:
        raise StoreError(
            f"{shown_url(engine.url)}: a number too large for any run or study", hint="See: isicbench list"
        ) from error
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise StoreError(
            f"{shown_url(engine.url)}: a row cannot be read ({type(error).__name__}: {_first_line(str(error))})",
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
        if not foreign_keys:  # a migration rebuilds tables, which a view of the user's own must not forbid
            connection.execute("PRAGMA legacy_alter_table=ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get(WRITES, False):
            warn_of_network_file_system(Path(str(engine.url.database)))
            _begin_immediate(connection)
        else:
            connection.exec_driver_sql("BEGIN")


def _begin_immediate(connection: Connection) -> None:
    for attempt in range(1, BEGIN_ATTEMPTS + 1):
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            return
        except OperationalError as error:
            if attempt == BEGIN_ATTEMPTS or "locked" not in str(error.orig):
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


def _manage_server(engine: Engine, *, read_only: bool) -> None:
    """One writer at a time on a server too, so that what a writer has read holds until it commits."""

    if read_only:

        @event.listens_for(engine, "connect")
        def refuse_writes(connection: Any, _record: Any) -> None:
            with connection.cursor() as cursor:
                cursor.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
            connection.commit()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get(WRITES, False):
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")


@contextmanager
def translating(url: URL) -> Iterator[None]:
    """Turn the driver's errors that a user can mend into a `StoreError`; a broken rule of the schema stays as it is."""
    try:
        yield
    except IntegrityError:
        raise
    except UnicodeDecodeError as error:
        problem, hint = _PROBLEMS["malformed"]
        raise DamagedError(f"{shown_url(url)}: {problem} ({error})", hint=hint) from error
    except (DBAPIError, sqlite3.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if (translated := _translated(url, cause)) is None:
            raise
        raise translated from error


def _translated(url: URL, error: BaseException | None) -> StoreError | None:
    """None for what is no fault of the database's or the user's, such as a wrong statement."""
    said = _without_password(url, str(error))
    for sign, (problem, hint) in _PROBLEMS.items():
        if sign in said:
            reason = f" ({said.splitlines()[0]})" if problem == SERVER_PROBLEM else ""
            kind = _KINDS.get(problem, StoreError)
            return kind(f"{shown_url(url)}: {problem}{reason}", hint=hint)
    if not is_sqlite(url) and not _is_wrong_statement(error):
        return StoreError(f"{shown_url(url)}: {_first_line(said)}", hint=_SERVER_HINT)
    if type(error) is sqlite3.DatabaseError:
        return StoreError(f"{shown_url(url)}: {_first_line(said)}", hint="See what is damaged: isicbench db check")
    return None


def _is_wrong_statement(error: BaseException | None) -> bool:
    """Whether the server understood the connection but not the statement: it names an SQL state then."""
    state = getattr(error, "sqlstate", None)
    return bool(state) and str(state).startswith("42")


def _without_password(url: URL, text: str) -> str:
    secrets = [url.password, *(value for name, value in url.query.items() if "password" in name.lower())]
    for secret in secrets:
        text = text.replace(str(secret), "***") if secret else text
    return text


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "the driver gave no reason")


SERVER_PROBLEM = "no connection to the server"
LOCKED = "locked by another process for over a minute"
DAMAGED = "damaged"
_KINDS: dict[str, type[StoreError]] = {LOCKED: LockedError, DAMAGED: DamagedError}
_SERVER_HINT = "Is it running, and are host, port, user and database right?"
_PROBLEMS = {
    "file is not a database": ("not a database", "Name another file with --db, or move this one away."),
    "unable to open database file": ("cannot be opened", "Does its folder exist, and may you write there?"),
    "read-only transaction": ("may not be written", "It was opened for reading only."),
    "attempt to write a readonly database": ("may not be written", "Check its permissions and its folder's."),
    "locked": (LOCKED, "Which one has it open? Is it on a network file system?"),
    "disk is full": ("the disk is full", "Free some space; nothing that was recorded is lost."),
    "malformed": (DAMAGED, "See what: isicbench db check. Then take the last backup, or sqlite3 FILE .recover"),
    "no such column": ("its tables are not those of its schema's revision", "See: isicbench db check"),
    "no such table": ("its tables are not those of its schema's revision", "See: isicbench db check"),
    "unsupported file format": ("damaged, or of a newer SQLite", "See: isicbench db check"),
    "disk I/O error": ("cannot be read or written", "Is its disk full or gone, or on a network file system?"),
    "connection failed": (SERVER_PROBLEM, _SERVER_HINT),
    "connection to server": (SERVER_PROBLEM, _SERVER_HINT),
    "server closed the connection": (SERVER_PROBLEM, _SERVER_HINT),
    "terminating connection": (SERVER_PROBLEM, _SERVER_HINT),
    "connection is lost": (SERVER_PROBLEM, _SERVER_HINT),
}
