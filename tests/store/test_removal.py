"""A removed run leaves nothing behind, and takes nothing of another's."""

from dataclasses import replace

import pytest
from sqlalchemy import func, inspect, select

from isicbench.errors import StoreError
from isicbench.records import RunStatus
from isicbench.store.engine import open_engine
from isicbench.store.schema import Table
from isicbench.store.urls import database_url
from tests.store.store_records import (
    AREA,
    EVALUATION,
    FINE_TUNED,
    PREDICTION,
    SAMPLE,
    complete,
    end,
    queue,
    request,
    start,
)


def row_counts(database: str) -> dict[str, int]:
    engine = open_engine(database_url(database))
    with engine.connect() as connection:
        assert set(inspect(connection).get_table_names()) == {*Table.metadata.tables, "alembic_version"}
        counts = {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in Table.metadata.tables.items()
        }
    engine.dispose()
    return counts


def test_removing_every_run_empties_every_table(store, database):
    done, failed = queue(store, request(), request(FINE_TUNED))
    complete(store, done)
    store.record_evaluation(done, replace(EVALUATION, split="validation", plugin_metrics=(AREA,)))
    end(store, failed, RunStatus.FAILED)
    [retry] = queue(store, request(FINE_TUNED))
    before = row_counts(database)
    assert all(before.values()), before
    store.remove_runs([done, failed, retry])
    assert not any(row_counts(database).values())


def test_removing_one_run_leaves_the_other_whole(store):
    first, second = queue(store, request(), request(seed=1))
    complete(store, first)
    complete(store, second)
    kept = store.run(second)
    store.remove_runs([first])
    assert store.runs() == [kept]
    assert store.predictions([second])[second] == [(SAMPLE, PREDICTION)]
    assert store.environments([second])
    assert len(store.evaluations([second], with_image_scores=True)[second][0].image_scores) == 2
    assert store.study(1).run_ids == (second,)


def test_removed_run_s_number_is_never_given_again(store):
    [first] = queue(store)
    store.remove_runs([first])
    [second] = queue(store)
    assert second > first


def test_retry_outlives_the_run_that_it_retries(store):
    [failed] = queue(store)
    end(store, failed, RunStatus.FAILED)
    [retry] = queue(store)
    store.remove_runs([failed])
    assert store.run(retry).retry_of is None


def test_running_run_is_not_removed_nor_any_beside_it(store):
    running, queued = queue(store, request(), request(seed=1))
    start(store, running)
    with pytest.raises(StoreError, match=f"run {running} is running"):
        store.remove_runs([queued, running])
    assert [run.id for run in store.runs()] == [running, queued]
