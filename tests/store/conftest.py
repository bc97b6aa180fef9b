"""A new database for each test: an SQLite file, and one on a PostgreSQL server."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from isicbench.store.store import Store, open_store
from tests.postgres_server import PostgresServer
from tests.store.peers import Peer, peers


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where a new database may be made."""
    if request.param == "sqlite":
        yield str(tmp_path / "results.db")
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    template = request.getfixturevalue("new_template") if "store" in request.fixturenames else "template1"
    with server.database(template=template) as name:
        yield server.url(name)


@pytest.fixture(scope="session")
def eight() -> Iterator[list[Peer]]:
    """Eight other processes, started once for all tests."""
    with peers(8) as everybody:
        yield everybody


@pytest.fixture(scope="session")
def new_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, made once, for tests to copy."""
    made, new_file = (tmp_path_factory.mktemp("new") / name for name in ("made.db", "new.db"))
    open_store(str(made))
    with closing(sqlite3.connect(made)) as connection:
        connection.execute("VACUUM INTO ?", [str(new_file)])
    with closing(sqlite3.connect(new_file)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    return new_file


@pytest.fixture(scope="session")
def new_template(postgres: PostgresServer) -> Iterator[str]:
    """The same on the server: PostgreSQL copies it faster than migrations make it."""
    with postgres.database() as name:
        open_store(postgres.url(name)).close()
        yield name


@pytest.fixture
def store(database: str, request: pytest.FixtureRequest) -> Iterator[Store]:
    if "://" not in database:
        shutil.copy(request.getfixturevalue("new_file"), database)
    with closing(open_store(database)) as store:
        yield store


@pytest.fixture
def file_store(tmp_path: Path, new_file: Path) -> Iterator[Store]:
    """`results.db` in the working folder, for tests that look into the file itself."""
    shutil.copy(new_file, tmp_path / "results.db")
    with closing(open_store("results.db")) as store:
        yield store
