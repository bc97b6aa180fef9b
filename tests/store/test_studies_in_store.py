"""Which runs a study gets: skipped, shared, taken up again, or queued."""

from dataclasses import replace

import pytest

from isicbench.errors import StoreError
from isicbench.records import RunStatus
from isicbench.store.store import Store
from tests.store.peers import ask_all
from tests.store.statements import counted_statements
from tests.store.store_records import DATASET, FINE_TUNED, FROZEN, complete, end, owner, queue, request, start


def statuses(store: Store) -> dict[int, RunStatus]:
    return {run.id: run.status for run in store.runs()}


def test_study_queues_every_request_in_order_and_once(store):
    requests = [request(seed=1), request(FINE_TUNED), request(seed=0), request(seed=1)]
    study = store.add_study("isicbench run --seed 1", requests)
    runs = store.study_runs(study.id)
    assert [(run.config, run.seed) for run in runs] == [(FROZEN, 1), (FINE_TUNED, 0), (FROZEN, 0)]
    assert {run.status for run in runs} == {RunStatus.QUEUED}
    assert study.skipped_ids == ()
    assert len({run.uid for run in runs}) == 3
    assert store.study(study.id) == study
    assert store.datasets() == {DATASET.fingerprint: replace(DATASET, images=())}
    assert store.dataset_images(DATASET.fingerprint) == list(DATASET.images)


def test_completed_run_is_skipped_unless_forced(store):
    [done] = queue(store)
    complete(store, done)
    study = store.add_study("again", [request(), request(seed=1)])
    assert study.skipped_ids == (done,)
    assert study.run_ids[0] == done
    assert store.study_progress(study.id) == {RunStatus.COMPLETED: 1, RunStatus.QUEUED: 1}
    [forced] = queue(store, request(), force=True)
    assert forced not in study.run_ids
    assert store.run(forced).retry_of is None
    assert store.run(done).status is RunStatus.COMPLETED


def test_completed_run_is_skipped_though_a_later_forced_one_was_interrupted(store):
    [done] = queue(store)
    complete(store, done)
    [forced] = queue(store, force=True)
    end(store, forced, RunStatus.INTERRUPTED)
    assert queue(store) == (done,)
    assert store.run(forced).status is RunStatus.INTERRUPTED
    assert queue(store, force=True) == (forced,)
    assert store.run(forced).status is RunStatus.QUEUED


@pytest.mark.parametrize("running", [False, True])
@pytest.mark.parametrize("force", [False, True])
def test_run_that_another_study_has_queued_or_running_is_shared(store, running, force):
    [run_id] = queue(store)
    if running:
        start(store, run_id)
    study = store.add_study("another", [request(), request(seed=1)], force=force)
    assert study.run_ids[0] == run_id
    assert study.skipped_ids == ()
    assert len(store.runs()) == 2
    assert store.run(run_id).status is (RunStatus.RUNNING if running else RunStatus.QUEUED)


@pytest.mark.parametrize("status", [RunStatus.FAILED, RunStatus.DIVERGED])
def test_failed_run_is_retried_in_a_row_of_its_own(store, status):
    [failed] = queue(store)
    end(store, failed, status)
    [retry] = queue(store)
    assert store.run(retry).retry_of == failed
    assert statuses(store) == {failed: status, retry: RunStatus.QUEUED}
    end(store, retry, status)
    [second] = queue(store)
    assert store.run(second).retry_of == retry


def test_interrupted_run_goes_on_in_its_own_row(store):
    [run_id] = queue(store)
    end(store, run_id, RunStatus.INTERRUPTED)
    study = store.add_study("the same again", [request()])
    assert study.run_ids == (run_id,)
    assert store.run(run_id).status is RunStatus.QUEUED
    assert store.run(run_id).finished_at is None
    assert [run.id for run in store.queued_runs(study.id, limit=1)] == [run_id]


def test_name_belongs_to_the_experiment_and_a_later_one_renames_it(store):
    [frozen, fine_tuned] = queue(store, request(), request(FINE_TUNED))
    assert store.run(frozen).experiment == "Feature Extraction (Frozen Encoder)"
    assert store.run(fine_tuned).experiment == "Fine-tuning (Unfrozen Encoder)"
    queue(store, request(seed=1, name="mine"))
    queue(store, request(seed=2))
    assert store.run(frozen).experiment == "mine"
    assert store.run(fine_tuned).experiment == "Fine-tuning (Unfrozen Encoder)"


def test_queued_runs_follow_the_grid_and_end_with_the_study(store):
    study = store.add_study("x", [request(seed=2), request(seed=1)])
    queue(store, request(seed=0))
    first, second = study.run_ids
    assert [run.id for run in store.queued_runs(study.id, limit=1)] == [first]
    start(store, first)
    assert [run.id for run in store.queued_runs(study.id, limit=9)] == [second]
    start(store, second, slot="cpu:1")
    assert store.queued_runs(study.id, limit=9) == []


def test_two_studies_asked_for_at_once_share_their_runs(eight, store, database):
    asked = ask_all(eight[:4], ["ask", database, list(range(20))])
    assert all(run_ids == asked[0] for run_ids in asked)
    assert len(store.runs()) == 20


def test_config_and_seed_come_back_as_they_were(store):
    config = replace(FROZEN, learning_rate=0.1 + 0.2, threshold=1 / 3, weights="my weights.pt", weights_sha256="f" * 64)
    [run_id] = queue(store, request(config, seed=2**40))
    assert store.run(run_id).config == config
    assert store.run(run_id).config.config_hash == config.config_hash
    assert store.run(run_id).seed == 2**40


def test_unknown_run_and_study_say_where_to_look(store):
    for ask in (store.run, store.study, store.study_runs):
        with pytest.raises(StoreError, match="there is no") as raised:
            ask(99)
        assert "isicbench list" in raised.value.hint


def test_runs_can_be_selected_by_number_status_and_study(store):
    first, second, third = queue(store, request(), request(seed=1), request(seed=2))
    other = store.add_study("other", [request(seed=2), request(seed=3)])
    end(store, second, RunStatus.FAILED)

    def selected(**by: object) -> list[int]:
        return [run.id for run in store.runs(**by)]

    assert selected() == [first, second, third, other.run_ids[1]]
    assert selected(run_ids=[third, first]) == [first, third]
    assert selected(run_ids=[]) == []
    assert selected(statuses=[RunStatus.FAILED]) == [second]
    assert selected(study_id=other.id) == list(other.run_ids)
    assert selected(study_id=other.id, run_ids=[first, third]) == [third]
    assert store.claim(third, owner(), log_path="") is not None
    assert [run.id for run in store.running_runs()] == [third]


def test_large_study_is_asked_for_in_as_many_statements_as_a_small_one(store):
    def ask(count: int) -> int:
        configs = [replace(FROZEN, learning_rate=1e-6 * number) for number in range(1, count + 1)]
        with counted_statements() as statements:
            study = store.add_study("isicbench run", [request(config, seed=s) for s in (0, 1) for config in configs])
        assert len(set(study.run_ids)) == 2 * count
        return len(statements)

    queue(store)  # adds the dataset
    assert ask(4) == ask(400)


def test_last_name_that_is_asked_for_holds(store):
    queue(store, request(name="first"), request(seed=1), request(seed=2, name="last"))
    assert {run.experiment for run in store.runs()} == {"last"}
    queue(store, request(seed=3))
    assert {run.experiment for run in store.runs()} == {"last"}


def test_time_an_epoch_is_known_of_completed_runs_by_what_they_trained(store):
    frozen, again, fine_tuned, failed = queue(
        store, request(FROZEN), request(FROZEN, seed=1), request(FINE_TUNED), request(FINE_TUNED, seed=1)
    )
    for run_id, seconds in ((frozen, 10.0), (again, 14.0), (fine_tuned, 50.0)):
        start(store, run_id, slot=f"cpu:{run_id}")
        store.finish(run_id, RunStatus.COMPLETED, train_seconds=seconds)
    store.finish(failed, RunStatus.FAILED)
    alike = ("d" * 64, "mobilenet_v2", "conv")
    assert store.seconds_an_epoch() == {(*alike, True, 128): 6.0, (*alike, False, 128): 25.0}
