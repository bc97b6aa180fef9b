"""What may stand where a database is expected, and who may make one."""

import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from sqlalchemy import text

from isicbench.errors import StoreError
from isicbench.store.engine import open_engine
from isicbench.store.migrate import current_revision, head_revision, upgrade
from isicbench.store.store import open_store
from isicbench.store.urls import database_url
from tests.store.peers import ask_all
from tests.store.store_records import complete, queue


def test_two_and_eight_processes_that_make_a_database_at_once_all_work(eight, tmp_path):
    for turn in range(4):
        assert ask_all(eight[:2], ["open", str(tmp_path / f"two-{turn}.db")]) == ["opened"] * 2
        assert ask_all(eight, ["open", str(tmp_path / f"eight-{turn}.db")]) == ["opened"] * 8
    left = {path.name.partition(".")[2] for path in tmp_path.iterdir()}
    assert left <= {"db", "db-wal", "db-shm"}


def test_processes_that_make_a_database_of_any_kind_at_once_all_work(eight, database):
    assert ask_all(eight, ["open", database]) == ["opened"] * 8


def test_opening_a_current_database_needs_no_alembic(store, database):
    code = (
        "import sys; from isicbench.store.store import open_store; open_store(sys.argv[1], create=False).runs();"
        "assert not {'alembic', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, database], check=True)


def test_sqlite_writes_ahead_and_checks_references(tmp_path):
    store = open_store("results.db")
    queue(store)
    with closing(sqlite3.connect("results.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    with open_engine(database_url("results.db")).connect() as connection:
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
        assert connection.execute(text("PRAGMA busy_timeout")).scalar_one() >= 30_000


def test_absent_database_is_not_made_by_a_command_that_reads(tmp_path):
    with pytest.raises(StoreError, match="no database there") as raised:
        open_store(create=False)
    assert "isicbench run" in raised.value.hint
    assert list(tmp_path.iterdir()) == []


def _text_file(path):
    path.write_text("epoch,loss\n1,0.5\n" * 100)


def _other_programs_database(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE photos (id INTEGER)")


def _damaged(path):
    store = open_store(str(path))
    complete(store, *queue(store))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path.write_bytes(path.read_bytes()[:9000])


UNFIT = {
    "not a database": _text_file,
    "another program's database": _other_programs_database,
    "is a folder": lambda path: path.mkdir(),
    "damaged": _damaged,
}


@pytest.mark.parametrize("problem", UNFIT)
@pytest.mark.parametrize("act", [open_store, lambda choice: upgrade(database_url(choice))], ids=["open", "upgrade"])
def test_unfit_file_is_refused_and_left_as_it_was(problem, act, tmp_path):
    path = tmp_path / "results.db"
    UNFIT[problem](path)
    before = None if path.is_dir() else path.read_bytes()
    with pytest.raises(StoreError, match=problem) as raised:
        act("results.db")
    assert raised.value.hint
    assert before is None or path.read_bytes() == before


@pytest.mark.parametrize("choice", ["nowhere/results.db", "a-file/results.db", "x" * 300])
def test_place_where_no_file_can_be_made_is_refused(choice, tmp_path):
    (tmp_path / "a-file").write_text("")
    with pytest.raises(StoreError, match="cannot be opened") as raised:
        open_store(choice)
    assert "folder exist" in raised.value.hint


@pytest.mark.parametrize("act", [open_store, lambda choice: upgrade(database_url(choice))], ids=["open", "upgrade"])
def test_newer_schema_is_refused_and_left_as_it_was(act, tmp_path):
    store = open_store("results.db")
    run_ids = queue(store)
    with closing(sqlite3.connect("results.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer version") as raised:
        act("results.db")
    assert "pip install --upgrade isicbench" in raised.value.hint
    assert current_revision(database_url("results.db")) == "9999"
    assert tuple(run.id for run in store.runs()) == run_ids


@pytest.mark.parametrize("leftover", ["", "CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)"])
def test_database_whose_making_was_cut_short_is_made_anew(leftover, tmp_path):
    with closing(sqlite3.connect("results.db")) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(leftover)
    assert open_store("results.db").runs() == []
    assert current_revision(database_url("results.db")) == head_revision()


def test_writer_that_waits_in_vain_gives_a_clear_error(tmp_path, monkeypatch):
    monkeypatch.setattr("isicbench.store.engine.BUSY_SECONDS", 0.05)
    store = open_store("results.db")
    with closing(sqlite3.connect("results.db", isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked"):
            queue(store)
        assert store.runs() == []  # readers go on
    assert queue(store) == (1,)
