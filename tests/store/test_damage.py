"""Damage, full disks and locks: one clear StoreError each, and nothing lost that was there."""

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event

from isicbench.errors import StoreError
from isicbench.records import StepRecord
from isicbench.store import engine as engine_module
from isicbench.store import vacuum as vacuum_module
from isicbench.store.engine import open_engine, reading, warn_of_network_file_system
from isicbench.store.integrity import damages, dangling_references, require_sound
from isicbench.store.migrate import current_revision, upgrade
from isicbench.store.problems import LockedError
from isicbench.store.store import open_store
from isicbench.store.urls import database_url
from isicbench.store.vacuum import vacuum
from tests.store.store_records import complete, epoch, queue, request, start

PAGE = 4096
FIRST_SCHEMA = Path(__file__).parent / "fixtures" / "first_schema.db"


@pytest.fixture
def url():
    return database_url("results.db")


@pytest.fixture
def filled(file_store):
    """A store with a completed run of many epochs, all in the main file."""
    [run_id] = queue(file_store)
    complete(file_store, run_id)
    file_store.close()
    with closing(sqlite3.connect("results.db")) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(epochs)")]
        values = ", ".join("n" if name == "epoch" else name for name in columns)
        connection.execute(
            "WITH RECURSIVE numbers(n) AS (SELECT 3 UNION ALL SELECT n + 1 FROM numbers WHERE n < 2002) "
            f"INSERT INTO epochs SELECT {values} FROM epochs, numbers WHERE epoch = 2"
        )
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return file_store


def overwrite(offset: int, content: bytes) -> None:
    with Path("results.db").open("r+b") as file:
        file.seek(offset)
        file.write(content)


def page_of_epochs() -> int:
    """The number, from 0, of a page that holds epochs and nothing else."""
    content = Path("results.db").read_bytes()
    with closing(sqlite3.connect("results.db")) as connection:
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'epochs'").fetchone()[0]
    start_of_page = (root - 1) * PAGE
    assert content[start_of_page] == 5  # an interior page; its last pointer leads to a page of rows
    return int.from_bytes(content[start_of_page + 8 : start_of_page + 12], "big") - 1


def test_whole_database_has_no_damage(filled, url):
    assert damages(url) == []
    assert dangling_references(url) == []
    require_sound(url)


def test_damaged_page_in_the_middle_is_found_and_named_when_it_is_read(filled, url):
    overwrite(page_of_epochs() * PAGE, b"\xff" * 256)
    before = Path("results.db").read_bytes()
    assert damages(url)
    with pytest.raises(StoreError, match="damaged"):
        open_store("results.db").epochs([1])
    assert [run.id for run in open_store("results.db").runs()] == [1]
    assert Path("results.db").read_bytes() == before


def test_damaged_database_is_not_upgraded(url):
    shutil.copy(FIRST_SCHEMA, "results.db")
    with closing(sqlite3.connect("results.db")) as connection:
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'epochs'").fetchone()[0]
    overwrite((root - 1) * PAGE, b"\xff" * 256)
    before = Path("results.db").read_bytes()
    with pytest.raises(StoreError, match="damaged, and left as it is") as raised:
        upgrade(url)
    assert "backup" in raised.value.hint
    assert Path("results.db").read_bytes() == before
    assert list(Path.cwd().glob("*.backup")) == []


def test_damaged_header_is_one_clear_error(filled, url):
    overwrite(0, b"\xff" * 100)
    for act in (lambda: open_store("results.db"), lambda: current_revision(url), lambda: damages(url)):
        with pytest.raises(StoreError, match="not a database"):
            act()


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("runs", "created_at", "the day before"),
        ("experiments", "config", "{"),
        ("experiments", "config", '{"epochs": "many"}'),
        ("experiments", "config", "[]"),
        ("environments", "packages", "nothing"),
        ("diagnoses", "evidence", "3"),
    ],
)
def test_value_that_cannot_be_is_a_clear_error(filled, table, column, value):
    with closing(sqlite3.connect("results.db")) as connection, connection:
        connection.execute(f"UPDATE {table} SET {column} = ?", [value])
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() != (0,)
    store = open_store("results.db")
    with pytest.raises(StoreError, match="cannot be read"):
        store.environments([run.id for run in store.runs()])


def test_row_whose_parent_is_gone_is_found(filled, url):
    with closing(sqlite3.connect("results.db")) as connection, connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("DELETE FROM datasets")
    assert any("of experiments refers to a row of datasets" in line for line in dangling_references(url))


def test_tables_that_do_not_fit_the_revision_are_a_clear_error(filled):
    with closing(sqlite3.connect("results.db")) as connection, connection:
        connection.execute("ALTER TABLE environments RENAME COLUMN driver TO drover")
    with pytest.raises(StoreError, match="not those of its schema's revision"):
        open_store("results.db").environments([1])


def test_number_too_large_for_a_run_is_a_clear_error(file_store):
    for ask in (lambda: file_store.run(10**30), lambda: file_store.study(-(10**30))):
        with pytest.raises(StoreError, match="too large"):
            ask()


def record_until_full(store, run_id: int, *, first: int) -> None:
    for number in range(first, first + 10_000):
        store.record_epoch(run_id, epoch(number))


def limit_pages(store, pages: int) -> None:
    """As on a full disk: SQLite may not enlarge the file."""

    @event.listens_for(store._engine, "connect")
    def limit(connection, _record):
        connection.execute(f"PRAGMA max_page_count={pages}")


def test_full_database_disk_is_one_clear_error_and_what_was_recorded_stays(filled):
    filled.close()
    limit_pages(filled, 1)  # SQLite takes the file's present size instead
    with pytest.raises(StoreError, match="the disk is full"):
        record_until_full(filled, 1, first=2003)
    reached = len(filled.epochs([1])[1])
    assert reached >= 2002
    assert damages(database_url("results.db")) == []
    again = open_store("results.db")
    again.record_epoch(1, epoch(reached + 1))
    assert len(again.epochs([1])[1]) == reached + 1


@pytest.fixture
def small_disk(tmp_path):
    """A disk of one MiB of its own."""
    place = tmp_path / "small"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "isicbench-test", str(place)], check=False, capture_output=True
    )
    if made.returncode:
        pytest.skip("a disk of its own cannot be mounted here")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_really_full_disk_costs_nothing_that_was_recorded(small_disk):
    store = open_store(str(small_disk / "results.db"))
    [run_id] = queue(store)
    start(store, run_id)
    with pytest.raises(StoreError, match=r"the disk is full|cannot be read or written"):
        record_until_full(store, run_id, first=1)
    store.close()
    recorded = open_store(str(small_disk / "results.db")).epochs([run_id])[run_id]
    assert [record.epoch for record in recorded] == list(range(1, len(recorded) + 1))
    assert len(recorded) > 10
    assert damages(database_url(str(small_disk / "results.db"))) == []


LIMITED = """
import resource, sys
from isicbench.store.store import open_store
from isicbench.errors import StoreError
from tests.store.store_records import epoch
store = open_store("results.db")
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    for number in range(3000, 4000):
        store.record_epoch(1, epoch(number))
except StoreError as error:
    print("StoreError:", error.message)
"""


def test_limit_on_files_is_one_clear_error(filled):
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", LIMITED],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(root)},
        check=False,
    )
    assert done.stdout.startswith("StoreError:"), done.stderr
    assert damages(database_url("results.db")) == []
    assert len(open_store("results.db").epochs([1])[1]) >= 2002


def test_progress_that_meets_a_lock_tells_so_and_the_run_goes_on(filled, monkeypatch, capsys):
    monkeypatch.setattr(engine_module, "BUSY_SECONDS", 0.01)
    store = open_store("results.db")
    [run_id] = queue(store, request(seed=1))
    start(store, run_id)
    with closing(sqlite3.connect("results.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        store.record_progress(run_id, StepRecord(epoch=1, step=2, steps=3))
        assert "progress of run 2 not recorded" in capsys.readouterr().err
        with pytest.raises(LockedError, match="locked"):
            store.record_epoch(run_id, epoch(1))
    store.record_progress(run_id, StepRecord(epoch=1, step=3, steps=3))
    assert store.run(run_id).step == 3


def test_write_that_meets_a_lock_tries_again_until_it_is_gone(filled, monkeypatch):
    monkeypatch.setattr(engine_module, "BUSY_SECONDS", 0)  # SQLite itself gives up at once
    monkeypatch.setattr(engine_module, "BEGIN_ATTEMPTS", 1000)
    monkeypatch.setattr(engine_module, "PAUSE_SECONDS", 0.0001)
    store = open_store("results.db")
    met = threading.Event()
    sleep = engine_module.time.sleep
    monkeypatch.setattr(engine_module.time, "sleep", lambda seconds: (met.set(), sleep(seconds)))
    other = sqlite3.connect("results.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    release = threading.Thread(target=lambda: (met.wait(), other.execute("COMMIT")))
    release.start()
    store.record_epoch(1, epoch(3000))
    release.join()
    other.close()
    assert met.is_set()
    assert store.epochs([1])[1][-1].epoch == 3000


def test_worker_waits_longer_for_a_lock_than_a_command_does(filled, monkeypatch):
    monkeypatch.setattr(engine_module, "BUSY_SECONDS", 0)
    monkeypatch.setattr(engine_module, "PATIENT_ATTEMPTS", 1000)
    monkeypatch.setattr(engine_module, "PAUSE_SECONDS", 0.0001)
    worker, command = open_store("results.db", is_patient=True), open_store("results.db")
    [run_id] = queue(command, request(seed=1))
    start(command, run_id)
    with closing(sqlite3.connect("results.db", isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LockedError):
            command.record_epoch(run_id, epoch(1))
        worker.record_progress(run_id, StepRecord(epoch=1, step=2, steps=3))
        release = threading.Timer(0.5, other.execute, ["COMMIT"])
        release.start()
        worker.record_epoch(run_id, epoch(1))
        release.join()
    assert command.epochs([run_id])[run_id] == [epoch(1)]
    assert command.run(run_id).step == 0


def test_vacuum_gives_space_back_and_keeps_every_row(filled, url):
    [second] = queue(filled, request(seed=1))
    runs = filled.runs(run_ids=[second])
    filled.remove_runs([1])
    filled.close()
    done = vacuum(url)
    assert done.bytes_after < done.bytes_before
    assert open_store("results.db").runs() == runs


def test_vacuum_without_room_changes_nothing(filled, url, monkeypatch):
    before = Path("results.db").read_bytes()
    monkeypatch.setattr(vacuum_module.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 1000))
    with pytest.raises(StoreError, match="1000 bytes are free"):
        vacuum(url)
    assert Path("results.db").read_bytes() == before


def test_database_on_a_network_file_system_is_warned_of_once_and_only_when_written(filled, monkeypatch, capsys):
    monkeypatch.setattr(engine_module, "network_file_system", lambda _folder: "nfs4")
    warn_of_network_file_system.cache_clear()
    store = open_store("results.db")
    with reading(open_engine(database_url("results.db"))):
        store.runs()
    assert capsys.readouterr().err == ""
    store.record_epoch(1, epoch(3))
    store.record_epoch(1, epoch(4))
    assert capsys.readouterr().err.count("network file system (nfs4)") == 1
    warn_of_network_file_system.cache_clear()
