"""Each run is claimed once, and a slot holds one run."""

from datetime import UTC, datetime, timedelta

import pytest

from isicbench.records import FINISHED, Failure, RunStatus, StepRecord
from tests.store.peers import ask_all
from tests.store.store_records import end, epoch, owner, queue, request, start


def test_processes_that_claim_at_once_train_each_run_exactly_once(eight, store, database):
    """Two of them share each slot: the database itself keeps a slot's second run out."""
    study = store.add_study("x", [request(seed=seed) for seed in range(24)])
    orders = [["train", database, study.id, slot] for slot in ("cpu:0", "cpu:0", "cpu:1", "cpu:1")]
    claimed = ask_all(eight[:4], *orders)
    assert sorted(run_id for run_ids in claimed for run_id in run_ids) == sorted(study.run_ids)
    assert store.study_progress(study.id) == {RunStatus.COMPLETED: 24}


def test_claim_says_whose_the_run_is(store):
    [run_id] = queue(store)
    before = datetime.now(UTC) - timedelta(seconds=1)
    run = store.claim(run_id, owner(), log_path="runs/1/worker.log")
    assert run == store.run(run_id)
    assert (run.status, run.owner, run.log_path) == (RunStatus.RUNNING, owner(), "runs/1/worker.log")
    assert before < run.started_at <= run.heartbeat_at < before + timedelta(minutes=1)
    assert run.created_at <= run.started_at


def test_claimed_or_finished_run_cannot_be_claimed(store):
    [run_id] = queue(store)
    start(store, run_id)
    assert store.claim(run_id, owner("cpu:1"), log_path="") is None
    assert store.run(run_id).owner == owner("cpu:0")
    store.finish(run_id, RunStatus.FAILED)
    assert store.claim(run_id, owner("cpu:1"), log_path="") is None
    assert store.claim(99, owner(), log_path="") is None


def test_slot_holds_one_running_run_and_hosts_have_slots_of_their_own(store):
    first, second, third = queue(store, request(), request(seed=1), request(seed=2))
    start(store, first)
    assert store.claim(second, owner(pid=1), log_path="") is None
    assert store.run(second).status is RunStatus.QUEUED
    assert store.claim(third, owner(host="host-b"), log_path="") is not None
    store.finish(first, RunStatus.COMPLETED)
    assert store.claim(second, owner(), log_path="") is not None


def test_claim_of_an_interrupted_run_starts_its_record_afresh(store):
    [run_id] = queue(store)
    start(store, run_id)
    store.record_progress(run_id, StepRecord(epoch=2, step=3, steps=9))
    store.record_epoch(run_id, epoch(1))
    store.finish(run_id, RunStatus.INTERRUPTED)
    assert len(store.epochs([run_id])[run_id]) == 1  # kept until somebody begins again
    queue(store)
    start(store, run_id)
    run = store.run(run_id)
    assert (run.epoch, run.step, run.steps, run.finished_at) == (0, 0, 0, None)
    assert store.epochs([run_id]) == {}


@pytest.mark.parametrize("status", [*sorted(FINISHED), RunStatus.INTERRUPTED])
def test_run_that_has_ended_is_not_ended_again(store, status):
    [run_id] = queue(store)
    end(store, run_id, status)
    ended = store.run(run_id)
    assert not store.finish(run_id, RunStatus.FAILED, failure=Failure(kind="lost", message="gone"))
    assert store.run(run_id) == ended
    assert ended.status is status
    assert ended.finished_at is not None


def test_failure_is_kept_whatever_its_text_holds(store):
    """A message may quote a file name that is no UTF-8; the run must not stay `running` for it."""
    [run_id] = queue(store)
    start(store, run_id)
    failure = Failure(kind="exception", message="cannot read 'caf\udce9.jpg'", traceback="a\0b\nline ü 2")
    assert store.finish(run_id, RunStatus.FAILED, failure=failure)
    kept = store.run(run_id).failure
    assert kept == Failure(kind="exception", message="cannot read 'caf\\udce9.jpg'", traceback="a\\x00b\nline ü 2")


def test_queued_run_can_be_ended_without_a_worker(store):
    [run_id] = queue(store)
    assert store.finish(run_id, RunStatus.INTERRUPTED)
    assert store.run(run_id).owner is None
