"""A driver's errors in words: what is wrong with the database, and what to type next."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, IntegrityError

from isicbench.errors import StoreError
from isicbench.harmless import first_line
from isicbench.store.urls import is_sqlite, shown_url, typed_url


class LockedError(StoreError):
    """Another process holds the database's write lock."""


class DamagedError(StoreError):
    """SQLite cannot make sense of the file."""


class LostError(StoreError):
    """The server's connection broke, or none could be had: what was begun is undone and may be tried again."""


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


def is_lost(url: URL, error: BaseException | None) -> bool:
    """Whether a server's error says nothing of the statement, so that the same may well succeed on a new connection."""
    if is_sqlite(url):
        return False
    state = getattr(error, "sqlstate", None)
    if state is None:
        return type(error).__name__ in ("OperationalError", "ConnectionTimeout")
    return str(state) in _PASSING or str(state).startswith("08")


def _translated(url: URL, error: BaseException | None) -> StoreError | None:
    """None for what is no fault of the database's or the user's, such as a wrong statement."""
    said = _without_password(url, str(error))
    if not is_sqlite(url):
        return _translated_of_server(url, error, said)
    for sign, (problem, hint) in _PROBLEMS.items():
        if sign in said:
            return _KINDS.get(problem, StoreError)(f"{shown_url(url)}: {problem}", hint=hint)
    if type(error) is sqlite3.DatabaseError:
        return StoreError(f"{shown_url(url)}: {reason(said)}", hint="See what is damaged: isicbench db check")
    return None


def _translated_of_server(url: URL, error: BaseException | None, said: str) -> StoreError | None:
    kind = LostError if is_lost(url, error) else StoreError
    for sign, (problem, hint) in _SERVER_PROBLEMS.items():
        if sign in said:
            kind = LockedError if problem == LOCKED else kind
            hint = hint.format(url=typed_url(url), database=url.database)
            return kind(f"{shown_url(url)}: {problem} ({reason(said)})", hint=hint)
    if not _is_wrong_statement(error):
        return kind(f"{shown_url(url)}: {reason(said)}", hint=_SERVER_HINT)
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


def reason(text: str) -> str:
    """The first line of a driver's message, which may be long."""
    return first_line(text) or "the driver gave no reason"


LOCKED = "locked by another process for over a minute"
DAMAGED = "damaged"
_KINDS: dict[str, type[StoreError]] = {LOCKED: LockedError, DAMAGED: DamagedError}
_PROBLEMS = {
    "file is not a database": ("not a database", "Name another file with --db, or move this one away."),
    "unable to open database file": ("cannot be opened", "Does its folder exist, and may you write there?"),
    "attempt to write a readonly database": ("may not be written", "Check its permissions and its folder's."),
    "locked": (LOCKED, "Which one has it open? Is it on a network file system?"),
    "disk is full": ("the disk is full", "Free some space; nothing that was recorded is lost."),
    "malformed": (DAMAGED, "See what: isicbench db check. Then take the last backup, or sqlite3 FILE .recover"),
    "no such column": ("its tables are not those of its schema's revision", "See: isicbench db check"),
    "no such table": ("its tables are not those of its schema's revision", "See: isicbench db check"),
    "unsupported file format": ("damaged, or of a newer SQLite", "See: isicbench db check"),
    "disk I/O error": ("cannot be read or written", "Is its disk full or gone, or on a network file system?"),
}

_PASSING = frozenset(
    {
        "25P03",  # idle in a transaction for too long: this process was suspended
        "40001",  # serialization failure
        "40P01",  # deadlock
        "53300",  # too many connections
        "57P01",  # the administrator ended the connection, or the server
        "57P02",  # another session crashed
        "57P03",  # starting up, or shutting down
    }
)
_SERVER_HINT = "Is it running, and are host, port, user and database right?"
_NO_CONNECTION = ("no connection to the server", _SERVER_HINT)
_SERVER_PROBLEMS = {
    'FATAL:  database "': (
        "no such database on the server",
        "Make it: createdb {database}, on the same host",
    ),
    "no password supplied": ("the server asks for a password", "Set PGPASSWORD, or keep it in ~/.pgpass"),
    "password authentication failed": ("the server refuses the password", "Set PGPASSWORD, or keep it in ~/.pgpass"),
    "permission denied": (
        "the server does not allow it",
        "Let its owner give the command, or: psql {url} -c 'GRANT ALL ON SCHEMA public TO USER'",
    ),
    "read-only transaction": ("may not be written", "Name the primary server, not a copy that follows it."),
    "No space left on device": ("the server's disk is full", "Free some space; nothing that was recorded is lost."),
    "lock timeout": (LOCKED, "See which: psql {url} -c 'SELECT * FROM pg_stat_activity'"),
    'relation "': ("its tables are not those of its schema's revision", "See: isicbench db check"),
    'column "': ("its tables are not those of its schema's revision", "See: isicbench db check"),
    "connection failed": _NO_CONNECTION,
    "connection to server": _NO_CONNECTION,
    "server closed the connection": _NO_CONNECTION,
    "terminating connection": _NO_CONNECTION,
    "connection is lost": _NO_CONNECTION,
    "connection is closed": _NO_CONNECTION,
}
