"""Runs that share a frozen encoder and their batches train together in one slot."""

from pathlib import Path

import psutil
import pytest

from isicbench.records import Failure, RunStatus
from isicbench.scheduling.side_by_side import next_group
from isicbench.store.store import Store, open_store
from tests.commands import isicbench, start_isicbench
from tests.scheduling.test_studies import opened_runs, overlapping
from tests.store.store_records import FINE_TUNED, FROZEN, queue, request, start
from tests.waiting import wait_until

SHARING = ("--frozen", "--seed", 0, "--seed", 1, "--seed", 2, "--data-seed", 5, "--devices", "cpu")


def figures(store: Store, run_id: int) -> list[tuple[float, float, float]]:
    return [(e.train_loss, e.validation_loss, e.validation_dice) for e in store.epochs([run_id])[run_id]]


@pytest.mark.long
def test_runs_that_train_together_end_as_each_does_alone_to_the_last_bit(quick):
    done = isicbench("run", *quick, *SHARING, "--epochs", 2)
    assert done.returncode == 0, done.stderr
    together = open_store("results.db", create=False)
    runs = together.runs()
    assert {run.status for run in runs} == {RunStatus.COMPLETED}
    assert {run.owner.slot for run in runs} == {"cpu:0", "cpu:0+1", "cpu:0+2"}
    assert len({run.owner.pid for run in runs}) == len({run.log_path for run in runs}) == 1
    for run in runs:
        options = ("--frozen", "--seed", run.seed, "--data-seed", 5, "--devices", "cpu", "--db", f"alone{run.seed}.db")
        assert isicbench("run", *quick, *options, "--epochs", 2).returncode == 0
        alone = open_store(f"alone{run.seed}.db", create=False)
        assert figures(alone, 1) == figures(together, run.id)
        [ours, theirs] = (
            [evaluation.image_scores for evaluation in store.evaluations([run_id], with_image_scores=True)[run_id]]
            for store, run_id in ((together, run.id), (alone, 1))
        )
        assert ours == theirs


def test_a_run_that_diverges_leaves_those_beside_it_alone(quick):
    done = isicbench("run", *quick, "--frozen", "--lr", "1e30", "--lr", "1e-3", "--devices", "cpu", "--epochs", 2)
    assert done.returncode == 7
    diverged, completed = open_store("results.db", create=False).runs()
    assert (diverged.status, completed.status) == (RunStatus.DIVERGED, RunStatus.COMPLETED)
    assert diverged.owner.pid == completed.owner.pid
    [found] = diverged.diagnoses
    assert found.evidence["epoch"] >= 1
    assert found.evidence["learning_rate"] == 1e30


def test_killed_worker_fails_every_run_that_it_had(quick, tmp_path):
    command = start_isicbench("run", *quick, *SHARING, "--epochs", 200, "--retries", 0, log=tmp_path / "run.log")
    wait_until(lambda: Path("results.db").exists())
    running = wait_until(lambda: (found := opened_runs()) and len(found) == 3 and all(r.step for r in found) and found)
    psutil.Process(running[0].owner.pid).kill()
    assert command.wait(timeout=300) == 7
    runs = open_store("results.db", create=False).runs()
    assert [(run.status, run.failure.kind) for run in runs] == [(RunStatus.FAILED, "signal")] * 3


def test_each_run_of_a_group_whose_worker_died_is_tried_again_alone(quick, tmp_path):
    command = start_isicbench("run", *quick, *SHARING, "--epochs", 60, log=tmp_path / "run.log")
    wait_until(lambda: Path("results.db").exists())
    running = wait_until(lambda: (found := opened_runs()) and len(found) == 3 and all(r.step for r in found) and found)
    psutil.Process(running[0].owner.pid).kill()
    assert command.wait(timeout=300) == 0, (tmp_path / "run.log").read_text()
    runs = open_store("results.db", create=False).runs()
    died, retried = runs[:3], runs[3:]
    assert [run.status for run in died] == [RunStatus.FAILED] * 3
    assert [(run.status, run.owner.slot) for run in retried] == [(RunStatus.COMPLETED, "cpu:0")] * 3
    assert {run.retry_of for run in retried} == {run.id for run in died}
    assert overlapping(retried) == []


@pytest.fixture
def store() -> Store:
    return open_store("results.db")


def with_data_seed(seed: int, *, data_seed: int | None = 0):
    from dataclasses import replace

    return request(replace(FROZEN, data_seed=data_seed), seed=seed)


def handed(store: Store, study_id: int, *, slots: int) -> list[int]:
    return next_group(store.queued_runs(study_id, limit=99), slots=slots)


def test_group_is_the_next_run_and_all_that_share_with_it(store):
    requests = [with_data_seed(0), request(FINE_TUNED), with_data_seed(1), with_data_seed(2, data_seed=7)]
    study = store.add_study("isicbench run", requests)
    first, _, third, _ = study.run_ids
    assert handed(store, study.id, slots=1) == [first, third]


def test_several_slots_get_their_part_of_those_that_share(store):
    study = store.add_study("isicbench run", [with_data_seed(seed) for seed in range(5)])
    assert handed(store, study.id, slots=2) == list(study.run_ids[:3])
    for run_id in study.run_ids[:3]:
        start(store, run_id, slot=f"cpu:0+{run_id}")
    assert handed(store, study.id, slots=2) == [study.run_ids[3]]


def test_seeds_that_draw_their_own_batches_train_alone(store):
    study = store.add_study("isicbench run", [with_data_seed(seed, data_seed=None) for seed in range(3)])
    assert handed(store, study.id, slots=1) == [study.run_ids[0]]


def test_nothing_queued_is_no_group(store):
    [run_id] = queue(store)
    start(store, run_id)
    assert handed(store, 1, slots=1) == []


def test_a_retry_trains_alone(store):
    first, second = queue(store, with_data_seed(0), with_data_seed(1))
    start(store, first)
    store.finish(first, RunStatus.FAILED, failure=Failure(kind="signal", message="killed"))
    [attempt] = store.retry_dead(1, kinds=["signal"], retries=1)
    assert handed(store, 1, slots=1) == [second]
    start(store, second)
    assert handed(store, 1, slots=1) == [attempt]
