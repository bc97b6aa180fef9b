"""A new database for each test: an SQLite file, and a server's as well where `ISICBENCH_TEST_SERVER` names one.

ISICBENCH_TEST_SERVER=postgresql://postgres@localhost/postgres pytest tests/store
"""

import os
import shutil
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from isicbench.store.store import Store, open_store
from isicbench.store.urls import database_url, full_url
from tests.store.peers import Peer, peers

SERVER = os.environ.get("ISICBENCH_TEST_SERVER")


@pytest.fixture(params=["sqlite", *(["server"] if SERVER else [])])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where a new database may be made."""
    if request.param == "sqlite":
        yield str(tmp_path / "results.db")
        return
    url = database_url(SERVER)
    name = f"isicbench_{uuid.uuid4().hex[:12]}"
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield full_url(url.set(database=name))
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


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


@pytest.fixture
def store(database: str, new_file: Path) -> Iterator[Store]:
    if "://" not in database:
        shutil.copy(new_file, database)
    with closing(open_store(database)) as store:
        yield store


@pytest.fixture
def file_store(tmp_path: Path, new_file: Path) -> Iterator[Store]:
    """`results.db` in the working folder, for tests that look into the file itself."""
    shutil.copy(new_file, tmp_path / "results.db")
    with closing(open_store("results.db")) as store:
        yield store
