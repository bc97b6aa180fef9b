"""What a worker writes comes back as it was."""

import math
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC

import pytest
from sqlalchemy.exc import IntegrityError

from isicbench.records import RunStatus, StepRecord
from tests.store.store_records import (
    COLLAPSED,
    ENVIRONMENT,
    EVALUATION,
    MODEL,
    PREDICTION,
    PROBABILITIES,
    SAMPLE,
    complete,
    epoch,
    queue,
    request,
    start,
)

INFINITE = float("inf")


def test_all_records_of_a_run_come_back_as_they_were(store):
    [run_id] = queue(store)
    complete(store, run_id)
    run = store.run(run_id)
    assert (run.epoch, run.step, run.steps) == (2, 7, 12)
    assert (run.train_seconds, run.images_per_second, run.peak_memory_mib) == (7.0, 57.5, 812.25)
    assert run.diagnoses == (COLLAPSED,)
    assert run.failure is None
    assert store.epochs([run_id]) == {run_id: [epoch(1), epoch(2)]}
    assert store.evaluations([run_id], with_image_scores=True) == {run_id: [EVALUATION]}
    assert store.evaluations([run_id]) == {run_id: [replace(EVALUATION, image_scores=())]}
    assert store.environments([run_id])[run_id] == ENVIRONMENT
    assert store.artifacts(run_id) == [MODEL]
    assert store.predictions([run_id])[run_id] == [(SAMPLE, PREDICTION)]


def test_run_without_records_has_none(store):
    [run_id] = queue(store)
    assert store.epochs([run_id]) == {}
    assert store.evaluations([run_id]) == {}
    assert store.environments([run_id]) == {}
    assert store.artifacts(run_id) == []
    assert store.predictions([run_id]) == {}


def test_times_are_in_utc(store):
    [run_id] = queue(store)
    complete(store, run_id)
    run = store.run(run_id)
    times = [run.created_at, run.started_at, run.heartbeat_at, run.finished_at]
    assert times == sorted(times)
    assert all(time.tzinfo is UTC for time in times)


def test_progress_and_epochs_are_signs_of_life(store):
    [run_id] = queue(store)
    start(store, run_id)
    claimed = store.run(run_id).heartbeat_at
    store.record_progress(run_id, StepRecord(epoch=1, step=3, steps=12))
    progressed = store.run(run_id).heartbeat_at
    store.record_epoch(run_id, epoch(1))
    assert claimed < progressed < store.run(run_id).heartbeat_at


def test_epoch_and_evaluation_that_are_repeated_replace_the_earlier_ones(store):
    [run_id] = queue(store)
    complete(store, run_id)
    store.record_epoch(run_id, epoch(2, train_loss=0.1))
    again = replace(EVALUATION, iou=0.9, image_scores=EVALUATION.image_scores[:1])
    store.record_evaluation(run_id, again)
    elsewhere = replace(EVALUATION, resolution="original", image_scores=())
    store.record_evaluation(run_id, elsewhere)
    store.record_diagnoses(run_id, [])
    store.record_artifact(run_id, replace(MODEL, bytes=3))
    assert store.epochs([run_id])[run_id] == [epoch(1), epoch(2, train_loss=0.1)]
    assert store.evaluations([run_id], with_image_scores=True)[run_id] == [again, elsewhere]
    assert store.run(run_id).diagnoses == ()
    assert store.artifacts(run_id) == [replace(MODEL, bytes=3)]


def test_figure_that_is_not_finite_is_null_in_the_database_and_nan_in_the_record(file_store):
    store = file_store
    [run_id] = queue(store)
    start(store, run_id)
    store.record_epoch(run_id, epoch(1, train_loss=math.nan, validation_loss=INFINITE, validation_iou=-INFINITE))
    store.record_evaluation(run_id, replace(EVALUATION, iou=math.nan))
    store.record_diagnoses(run_id, [replace(COLLAPSED, evidence={"loss": math.nan, "epoch": 1.0})])
    store.finish(run_id, RunStatus.DIVERGED, train_seconds=math.nan)
    with closing(sqlite3.connect("results.db")) as connection:
        losses = connection.execute("SELECT train_loss, validation_loss, validation_iou FROM epochs").fetchall()
        assert losses == [(None, None, None)]
        assert connection.execute("SELECT iou, train_seconds FROM evaluations, runs").fetchall() == [(None, None)]
        assert connection.execute("SELECT count(*) FROM epochs WHERE train_loss < 1e9").fetchone() == (0,)
        assert "NaN" not in connection.execute("SELECT evidence FROM diagnoses").fetchone()[0]
    [kept] = store.epochs([run_id])[run_id]
    assert all(map(math.isnan, (kept.train_loss, kept.validation_loss, kept.validation_iou)))
    assert kept.validation_dice == epoch(1).validation_dice
    assert store.run(run_id).train_seconds is None


def test_runs_on_one_machine_share_their_environment_and_samples(file_store):
    store = file_store
    first, second, third = queue(store, request(), request(seed=1), request(seed=2))
    complete(store, first)
    complete(store, second)
    store.record_environment(third, replace(ENVIRONMENT, threads=4))
    with closing(sqlite3.connect("results.db")) as connection:
        assert connection.execute("SELECT count(*) FROM environments").fetchone() == (2,)
        assert connection.execute("SELECT count(*) FROM samples").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM predictions").fetchone() == (2,)
    assert store.predictions([second])[second] == [(SAMPLE, PREDICTION)]
    assert store.environments([third])[third].threads == 4


def test_transaction_that_fails_leaves_nothing_behind(store):
    [run_id] = queue(store)
    start(store, run_id)
    store.record_evaluation(run_id, EVALUATION)
    twice = replace(EVALUATION, image_scores=EVALUATION.image_scores[:1] * 2)
    with pytest.raises(IntegrityError):
        store.record_evaluation(run_id, twice)
    assert store.evaluations([run_id], with_image_scores=True) == {run_id: [EVALUATION]}


def test_probabilities_come_back_as_they_were_recorded_and_replace_earlier_ones(store):
    [run_id] = queue(store)
    store.record_probabilities(run_id, replace(PROBABILITIES, positives=(1, 1, 1, 1)))
    store.record_probabilities(run_id, PROBABILITIES)
    assert store.probabilities([run_id]) == {run_id: [PROBABILITIES]}


def test_the_last_epoch_of_each_run_can_be_asked_for_alone(store):
    [first, second, third] = queue(store, *(request(seed=seed) for seed in range(3)))
    complete(store, first)
    start(store, second)
    store.record_epoch(second, epoch(1))
    store.record_progress(second, StepRecord(epoch=2, step=1, steps=12))
    assert store.epochs([first, second, third], last_only=True) == {first: [epoch(2)], second: [epoch(1)]}
