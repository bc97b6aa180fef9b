"""Bringing a database to this version's schema. Alembic is imported only where there is something to do."""

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, inspect, text
from sqlalchemy.engine import URL, Connection

import isicbench
from isicbench.errors import StoreError
from isicbench.store.backup import back_up, backup_beside
from isicbench.store.engine import BUSY_SECONDS, open_engine, read_only, writer
from isicbench.store.integrity import require_sound
from isicbench.store.problems import translating
from isicbench.store.server import one_state
from isicbench.store.urls import is_sqlite, shown_url

if TYPE_CHECKING:
    from alembic.config import Config as AlembicConfig

HEAD = "0004"
"""The newest revision; a test compares it with migrations/versions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    revision: str
    backup: Path | None
    """A copy of the SQLite file as it was before; None where nothing had to be done, or on a server."""


def head_revision() -> str:
    return HEAD


def current_revision(url: URL, *, read_only: bool = False) -> str | None:
    """The database's revision; None where there is no database, or an empty one."""
    if is_sqlite(url) and not _has_content(url):
        return None
    engine = open_engine(url, read_only=read_only)
    with translating(url), _disposed(engine), one_state(engine).connect() as connection:
        return _revision(connection, url)


@contextlib.contextmanager
def current_read_only(url: URL) -> Iterator[Connection]:
    """A connection to a database of this version's schema that changes nothing; raises `StoreError` for any other."""
    if is_sqlite(url) and not _has_content(url):
        require_current(url, None)
    with read_only(url) as connection:
        require_current(url, _revision(connection, url))
        yield connection


def ensure_current(url: URL, *, create: bool, read_only: bool = False) -> None:
    """Make a new database where there is none and `create` allows it; refuse an older or a newer one."""
    revision = current_revision(url, read_only=read_only)
    if revision is None and create:
        revision = upgrade(url).revision
    require_current(url, revision)


def require_current(url: URL, revision: str | None) -> None:
    """Raise `StoreError` unless it is this version's."""
    if revision is None:
        raise StoreError(f"{shown_url(url)}: no database there", hint="Name it with --db, or make one: isicbench run")
    if _is_behind(url, revision):
        raise StoreError(
            f"{shown_url(url)}: written by an older version (schema {revision}, this one has {HEAD})",
            hint="Take it forward, after a backup: isicbench db upgrade",
        )


def upgrade(url: URL) -> Upgrade:
    """Take the database to the newest revision, an SQLite file after a backup beside it; make it where there is none.

    One transaction that holds the write lock from its begin does it all: of several processes that come at once, one
    migrates, and the others wait and find it done. One that is killed leaves the database as it was. A damaged file is
    refused before anything is written.
    """
    backup = None
    if not _is_behind(url, current_revision(url)):
        return Upgrade(revision=HEAD, backup=None)
    require_sound(url)
    with translating(url):
        if is_sqlite(url):
            _write_ahead(url)
        # With foreign keys on, a table that is rebuilt would take its children with it.
        with _disposed(open_engine(url, foreign_keys=False)) as engine, writer(engine).begin() as connection:
            revision = _revision(connection, url)
            if _is_behind(url, revision):
                backup = back_up(url, backup_beside(url, label=revision)) if revision and is_sqlite(url) else None
                _migrate(connection)
                _check_foreign_keys(connection, url)
    return Upgrade(revision=HEAD, backup=backup)


def migrations_folder() -> Path:
    """Inside the installed package, or beside it in a checkout."""
    package = Path(isicbench.__file__).parent
    return next(folder for folder in (package / "migrations", package.parent / "migrations") if folder.is_dir())


def alembic_config(connection: Connection) -> "AlembicConfig":
    from alembic.config import Config as AlembicConfig

    config = AlembicConfig()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _migrate(connection: Connection) -> None:
    from alembic import command

    command.upgrade(alembic_config(connection), "head")


def _write_ahead(url: URL) -> None:
    """Readers and a writer at once. The mode stays in the file; it cannot be changed within a transaction.

    SQLite gives up at once where several processes change it at the same moment, so the waiting is done here.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    with contextlib.closing(sqlite3.connect(str(url.database), timeout=BUSY_SECONDS)) as connection:
        while True:
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)


def _check_foreign_keys(connection: Connection, url: URL) -> None:
    if not is_sqlite(url):
        return
    if dangling := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall():
        raise StoreError(
            f"{shown_url(url)}: {len(dangling)} rows refer to rows that are not there; the database is left as it was",
            hint="Take the last backup, or report this with the output of: sqlite3 FILE 'PRAGMA foreign_key_check'",
        )


def _is_behind(url: URL, revision: str | None) -> bool:
    """Whether there are migrations to run; raises `StoreError` where a newer version ran its own."""
    if revision is None or revision == HEAD:
        return revision is None
    versions = (migrations_folder() / "versions").glob("*.py")
    if any(path.name.startswith(f"{revision}_") for path in versions):
        return True
    raise StoreError(
        f"{shown_url(url)}: written by a newer version (schema {revision}, this one knows up to {HEAD})",
        hint="Upgrade isicbench: pip install --upgrade isicbench",
    )


def _revision(connection: Connection, url: URL) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        _refuse_foreign(connection, url)
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


@contextlib.contextmanager
def _disposed(engine: Engine) -> Iterator[Engine]:
    """Leave no connection open: an idle one would hold a server's place, or the file on its disk."""
    try:
        yield engine
    finally:
        engine.dispose()


def _has_content(url: URL) -> bool:
    path = Path(str(url.database))
    try:
        if path.is_dir():
            raise StoreError(f"{path} is a folder, not a database file", hint="Name a file: --db FOLDER/results.db")
        return path.is_file() and path.stat().st_size > 0
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be opened ({error.strerror})", hint="Does its folder exist, and may you write there?"
        ) from error


def _refuse_foreign(connection: Connection, url: URL) -> None:
    tables = inspect(connection).get_table_names()
    if tables:
        raise StoreError(
            f"{shown_url(url)}: another program's database (it holds the table {tables[0]})",
            hint="Name another file with --db."
            if is_sqlite(url)
            else "Make one for isicbench alone: createdb isicbench",
        )
