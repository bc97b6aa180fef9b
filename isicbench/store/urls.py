"""Which database a command means, and how to name it without its password."""

import os
import shlex
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from isicbench.errors import StoreError

DEFAULT = "results.db"


def database_url(choice: str | None = None) -> URL:
    """From `--db`, else `$ISICBENCH_DB`, else `results.db` in the working folder; a bare path means SQLite."""
    text = choice or os.environ.get("ISICBENCH_DB") or DEFAULT
    if "://" not in text:
        return URL.create("sqlite", database=str(Path(text).expanduser().resolve()))
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        # The driver's own words would repeat parts of the URL, perhaps the password's.
        raise StoreError(
            "--db: not a database URL", hint="Expected a path or a URL such as sqlite:///results.db"
        ) from None
    if url.get_backend_name() == "sqlite":
        return url.set(database=str(Path(url.database or DEFAULT).expanduser().resolve()))
    if url.drivername in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    return url


def shown_url(url: URL) -> str:
    """For messages: a file's path, or the URL with the password left out."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    secrets = {name: "***" for name in url.query if "password" in name.lower()}
    return url.update_query_dict(secrets).render_as_string(hide_password=True)


def typed_url(url: URL) -> str:
    """What a user may type for PostgreSQL's own tools, without a password."""
    open_query = {name: value for name, value in url.query.items() if "password" not in name.lower()}
    plain = url.set(drivername=url.get_backend_name(), query=open_query)
    return shlex.quote(URL.create(**(plain._asdict() | {"password": None})).render_as_string())


def without_password(argument: str) -> str:
    """An argument of a command line for the record: a URL in it, as in `--db=URL`, loses its password."""
    head, is_url, tail = argument.partition("://")
    if not is_url:
        return argument
    option, equals, scheme = head.rpartition("=")
    try:
        return f"{option}{equals}{shown_url(make_url(f'{scheme}://{tail}'))}"
    except (ArgumentError, ValueError):
        return f"{option}{equals}{scheme}://***"


def full_url(url: URL) -> str:
    """What `database_url` turns into the same URL again, password included: for a worker's environment only."""
    if is_sqlite(url) and not url.query:
        return str(url.database)  # as a path, for in a URL its "?" and "%" would mean something else
    return url.render_as_string(hide_password=False)


def files_folder(url: URL) -> Path:
    """Where runs keep their files: `runs` beside an SQLite file, in the working folder otherwise."""
    return (Path(url.database).parent if is_sqlite(url) and url.database else Path.cwd()) / "runs"


def is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"
