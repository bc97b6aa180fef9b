"""A database in a place where this user may not write, or not even look."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from isicbench.errors import StoreError
from isicbench.store.store import open_store
from tests.store.store_records import queue, request

NOBODY = 65534


@pytest.fixture
def as_nobody() -> Iterator[Callable[[], None]]:
    """Gives up root's rights, to which no permissions apply, until the test's end."""
    me = os.geteuid()
    yield lambda: os.seteuid(NOBODY) if me == 0 else None
    os.seteuid(me)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Outside of pytest's own folder, which only its owner may enter."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)
        Path(name).chmod(0o755)


def test_new_database_in_a_folder_that_may_not_be_written_is_refused(folder, as_nobody):
    folder.chmod(0o555)
    as_nobody()
    with pytest.raises(StoreError, match="cannot be opened") as raised:
        open_store(str(folder / "results.db"))
    assert "may you write there" in raised.value.hint


def test_database_in_a_folder_that_may_not_be_entered_is_refused(folder, as_nobody):
    open_store(str(folder / "results.db"))
    folder.chmod(0o000)
    as_nobody()
    with pytest.raises(StoreError, match="cannot be opened"):
        open_store(str(folder / "results.db"), create=False)


def test_database_that_may_not_be_written_can_be_read_and_keeps_its_runs(folder, as_nobody):
    database = folder / "results.db"
    run_ids = queue(open_store(str(database)))
    folder.chmod(0o777)
    database.chmod(0o444)
    for beside in folder.glob("results.db-*"):
        beside.chmod(0o666)
    as_nobody()
    store = open_store(str(database))
    with pytest.raises(StoreError, match="may not be written") as raised:
        queue(store, request(seed=1))
    assert "permissions" in raised.value.hint
    assert tuple(run.id for run in store.runs()) == run_ids
