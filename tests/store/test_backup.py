"""A backup is whole and checked, or not there at all."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from isicbench.errors import StoreError
from isicbench.store import backup
from isicbench.store.backup import back_up, backup_beside
from isicbench.store.engine import open_engine, writing
from isicbench.store.store import open_store
from isicbench.store.urls import database_url
from tests.commands import isicbench
from tests.store.store_records import complete, queue


@pytest.fixture
def url(file_store):
    complete(file_store, *queue(file_store))
    return database_url("results.db")


def beside() -> set[str]:
    return {path.name for path in Path.cwd().iterdir()} - {"results.db-wal", "results.db-shm"}


def test_backup_holds_every_row_also_those_not_yet_in_the_main_file(file_store, url):
    assert Path("results.db-wal").stat().st_size > 0
    copy = back_up(url, Path("copy.db"))
    assert beside() == {"results.db", "copy.db"}
    assert open_store(str(copy), create=False).runs() == file_store.runs()


def test_backup_is_taken_while_another_connection_has_begun_to_write(file_store, url):
    with writing(open_engine(url)):
        copy = back_up(url, Path("copy.db"))
    assert open_store(str(copy), create=False).runs() == file_store.runs()


def test_backup_never_takes_the_place_of_a_file(url):
    Path("copy.db").write_text("mine")
    with pytest.raises(StoreError, match="is there already"):
        back_up(url, Path("copy.db"))
    assert Path("copy.db").read_text() == "mine"


def test_backup_that_fails_leaves_nothing(url, monkeypatch):
    def broken(_copy):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "_check", broken)
    with pytest.raises(StoreError, match="cannot be written: No space left"):
        back_up(url, Path("copy.db"))
    assert beside() == {"results.db"}


@pytest.mark.parametrize("target", ["nowhere/copy.db", "x" * 300])
def test_backup_to_an_impossible_place_is_one_clear_error(url, target):
    with pytest.raises(StoreError, match="cannot be written"):
        back_up(url, Path(target))
    assert beside() == {"results.db"}


def test_backup_of_a_private_database_is_private_too(url):
    Path("results.db").chmod(0o600)
    assert os.umask(0o022) is not None
    assert back_up(url, Path("copy.db")).stat().st_mode & 0o777 == 0o600


def test_two_backups_within_a_second_have_two_names(url):
    first = back_up(url, backup_beside(url, label="x"))
    second = back_up(url, backup_beside(url, label="x"))
    assert first != second
    assert first.is_file()


def test_backup_command_writes_a_database_that_opens(file_store, url):
    done = isicbench("db", "backup", "copies.db")
    assert done.returncode == 0, done.stderr
    assert "copies.db" in done.stdout
    assert isicbench("list", "--db", "copies.db").stdout == isicbench("list").stdout
    again = isicbench("db", "backup", "copies.db")
    assert again.returncode == 5
    assert "Traceback" not in again.stderr


def test_backup_of_a_damaged_database_is_refused(file_store, url):
    file_store.close()
    with closing(sqlite3.connect("results.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(Path("results.db").read_bytes())
    content[4096 * 3 : 4096 * 4] = b"\xff" * 4096
    Path("results.db").write_bytes(content)
    with pytest.raises(StoreError, match="damaged"):
        back_up(url, Path("copy.db"))
    assert not Path("copy.db").exists()
