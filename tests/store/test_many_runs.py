"""Thousands of run numbers in one question."""

import math
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, event

from isicbench.store.store import Store, open_store
from tests.store.store_records import COLLAPSED, EVALUATION, complete, epoch, queue, request

MANY = range(1, 40_001)
USUAL_VARIABLE_LIMIT = 32_766
"""SQLite's own; some systems build it with a higher one."""


@pytest.fixture
def store(file_store: Store) -> Iterator[Store]:
    def limit(connection: Any, _record: Any) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, USUAL_VARIABLE_LIMIT)

    event.listen(Engine, "connect", limit)
    yield open_store(file_store.url, create=False)
    event.remove(Engine, "connect", limit)


def test_forty_thousand_runs_can_be_asked_for_at_once(store):
    [run_id] = queue(store)
    complete(store, run_id)
    assert [run.id for run in store.runs(run_ids=MANY)] == [run_id]
    assert store.epochs(MANY) == {run_id: [epoch(1), epoch(2)]}
    assert store.evaluations(MANY, with_image_scores=True) == {run_id: [EVALUATION]}


def test_forty_thousand_runs_can_be_removed_at_once(store):
    kept, *removed = queue(store, request(), request(seed=1), request(seed=2))
    store.remove_runs([run_id for run_id in MANY if run_id != kept])
    assert [run.id for run in store.runs()] == [kept]
    assert removed


def test_no_runs_asked_for_gives_none(store):
    complete(store, *queue(store))
    assert store.runs(run_ids=[]) == []
    assert store.epochs([]) == {}
    assert store.evaluations([], with_image_scores=True) == {}
    store.remove_runs([])
    assert len(store.runs()) == 1


def test_evidence_that_is_not_finite_is_nan_in_the_record(store):
    [run_id] = queue(store)
    store.record_diagnoses(run_id, [replace(COLLAPSED, evidence={"loss": math.inf, "epoch": 1.0})])
    [kept] = store.run(run_id).diagnoses
    assert math.isnan(kept.evidence["loss"])
    assert kept.evidence["epoch"] == 1.0
