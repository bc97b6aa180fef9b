"""An upgrade may be killed at any statement: the database is the old one whole, or the new one whole."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from isicbench.store.migrate import HEAD, current_revision, upgrade
from isicbench.store.store import open_store
from isicbench.store.urls import database_url

FIRST_SCHEMA = Path(__file__).parent / "fixtures" / "first_schema.db"
ENOUGH = 40
"""Statements that an upgrade from the first schema executes at the least; if there are fewer, none was counted."""


@pytest.fixture(scope="module")
def killed(tmp_path_factory) -> list[Path]:
    """A folder for each statement at which an upgrade was killed, in order; the last one came to its end."""
    folder = tmp_path_factory.mktemp("killed")
    command = [sys.executable, "-m", "tests.store.killed_upgrade", str(FIRST_SCHEMA), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert {what for _, what in lines[:-1]} == {"killed"}
    assert lines[-1][1] == "finished"
    assert len(lines) > ENOUGH
    return [folder / f"{int(number):04d}" for number, _ in lines]


def content(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def integrity(path: Path) -> tuple[list, list]:
    with closing(sqlite3.connect(path)) as connection:
        whole = connection.execute("PRAGMA integrity_check").fetchall()
        return whole, connection.execute("PRAGMA foreign_key_check").fetchall()


def test_upgrade_killed_at_every_statement_leaves_the_old_database_whole_or_the_new_one(killed):
    old, new = content(FIRST_SCHEMA), content(killed[-1] / "results.db")
    assert old != new
    found = []
    for folder in killed:
        database = folder / "results.db"
        assert integrity(database) == ([("ok",)], [])
        found.append("old" if content(database) == old else "new" if content(database) == new else folder.name)
    assert set(found) == {"old", "new"}, found
    assert found == sorted(found, reverse=True), "the step from old to new is one"


def test_backup_exists_before_the_first_change_and_is_the_old_database(killed):
    old = content(FIRST_SCHEMA)
    backups = [list(folder.glob("results.db.0001-*.backup")) for folder in killed]
    assert not backups[0]
    assert len(backups[-1]) == 1
    first = next(number for number, found in enumerate(backups) if found)
    assert all(len(found) == 1 for found in backups[first:])
    for number, (backup,) in enumerate(backups[first:], start=first):
        assert content(backup) == old, number
    for folder, found in zip(killed, backups, strict=True):
        if not found:
            assert content(folder / "results.db") == old


def test_database_of_a_killed_upgrade_is_taken_forward_by_the_next_one(killed):
    for folder in killed:
        database = str(folder / "results.db")
        assert current_revision(database_url(database)) in ("0001", HEAD)
        assert upgrade(database_url(database)).revision == HEAD
        with closing(open_store(database, create=False)) as store:
            assert [run.status.value for run in store.runs()] == ["completed", "failed", "queued", "queued"]
