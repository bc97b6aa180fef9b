"""One selection for `report`, `list` and `compare`."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from isicbench.benchmarking.crowded_database import SEEDS, Crowd, fill_database
from isicbench.cli.selecting import read_since, read_statuses, selected_runs
from isicbench.errors import ConfigError, StoreError
from isicbench.records import RunStatus
from isicbench.store.store import Store, open_store
from tests.commands import isicbench

NOW = datetime(2026, 5, 8, 12, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path) -> Store:
    """Twenty runs of two experiments, the second frozen; the first two failed, the first seven are ten days old."""
    fill_database("results.db", Crowd(runs=20, epochs=1, images=2))
    old = datetime.now(UTC) - timedelta(days=10)
    with closing(sqlite3.connect("results.db")) as connection, connection:
        connection.execute("UPDATE runs SET created_at = ?", (f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.000000}",))
        connection.execute("UPDATE runs SET created_at = ? WHERE id <= 7", (f"{old:%Y-%m-%d %H:%M:%S.000000}",))
        connection.execute("UPDATE runs SET status = 'failed' WHERE id <= 2")
    return open_store("results.db", create=False)


def chosen(store: Store, **choice) -> list[int]:
    everything = {"study": None, "statuses": (), "since": None, "experiments": ()}
    return [run.id for run in selected_runs(store, **everything | choice)]


def test_selection_is_every_run_without_a_choice_and_the_common_ones_of_several_choices(store):
    assert chosen(store) == list(range(1, 21))
    assert chosen(store, statuses=["failed"]) == [1, 2]
    assert chosen(store, since="7d") == list(range(8, 21))
    assert chosen(store, since="7d", statuses=["failed"]) == []
    assert chosen(store, since="20d", statuses=["completed,failed"]) == list(range(1, 21))


def test_experiment_is_chosen_by_its_label_or_by_a_word_of_it(store):
    first, second = list(range(1, SEEDS + 1)), list(range(SEEDS + 1, 21))
    assert chosen(store, experiments=["Fine-tuning (Unfrozen Encoder)"]) == first
    assert chosen(store, experiments=["frozen"]) == second
    assert chosen(store, experiments=["fine", "feature"]) == first + second


def test_unknown_experiment_is_one_error_with_all_names_and_the_nearest_word(store):
    with pytest.raises(ConfigError, match="--experiment fine-tunning: there is no such value") as raised:
        chosen(store, experiments=["fine-tunning"])
    assert "Did you mean Fine-tuning? There are:" in raised.value.hint
    assert "Feature Extraction (Frozen Encoder)" in raised.value.hint


def test_study_that_is_not_there_is_said(store):
    with pytest.raises(StoreError, match="there is no study 99"):
        chosen(store, study=99)


def test_unknown_status_is_one_error_with_the_valid_ones():
    assert read_statuses(["completed,failed", "failed"]) == [RunStatus.COMPLETED, RunStatus.FAILED]
    with pytest.raises(ConfigError, match="--status complete") as raised:
        read_statuses(["failed,complete"])
    assert "Did you mean completed? There are: queued, running" in raised.value.hint


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("7d", NOW - timedelta(days=7)),
        ("12h", NOW - timedelta(hours=12)),
        ("2w", NOW - timedelta(weeks=2)),
        ("2026-05-01T10:00+02:00", datetime(2026, 5, 1, 8, 0, tzinfo=UTC)),
        ("2026-05-01", datetime(2026, 5, 1).astimezone(UTC)),
    ],
)
def test_since_is_a_date_a_moment_or_a_span(value, moment):
    assert read_since(value, now=NOW) == moment


@pytest.mark.parametrize("value", ["yesterday", "7", "2026-13-01", "", "999999w", "-3d"])
def test_since_that_cannot_be_read_names_the_ways_to_write_it(value):
    with pytest.raises(ConfigError, match="--since") as raised:
        read_since(value, now=NOW)
    assert "7d" in raised.value.hint


def test_list_and_report_select_alike(store):
    listed = json.loads(isicbench("list", "--json", "--since", "7d", "--experiment", "fine").stdout)
    report = isicbench("report", "--since", "7d", "--experiment", "fine", "--format", "json", "--output", "-")
    assert {run["id"] for run in listed} == {row["run"] for row in json.loads(report.stdout)["tables"]["runs"]}


def test_report_of_a_selection_that_nothing_fits_says_so(store):
    done = isicbench("report", "--status", "queued")
    assert done.returncode == StoreError.exit_code
    assert "fits the selection" in done.stderr
