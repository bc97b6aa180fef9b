"""Which run a slot gets next."""

from dataclasses import replace

import pytest

from isicbench.records import Failure, RunStatus
from isicbench.scheduling.waiting_runs import LAST_A_SLOT, LOOK_SECONDS, WaitingRuns
from isicbench.store.store import Store, open_store
from tests.store.statements import counted_statements
from tests.store.store_records import FINE_TUNED, FROZEN, queue, request, start


@pytest.fixture
def store() -> Store:
    return open_store("results.db")


def in_order(waiting: WaitingRuns, *, now: float = 0.0) -> list[int]:
    """What one slot after the other gets, all at one moment."""
    taken: list[int] = []
    while group := waiting.take_group(in_hand=taken, now=now):
        taken += group
    return taken


def test_no_two_slots_get_one_run_and_all_slots_look_once(store):
    runs = queue(store, *(request(FINE_TUNED, seed=seed) for seed in range(20)))
    with counted_statements() as one_look:
        store.queued_runs(1, limit=20)
    with counted_statements() as statements:
        assert in_order(WaitingRuns(store, 1, slots=2)) == list(runs)
    assert len(statements) == len(one_look)


def test_what_was_queued_since_is_seen_at_the_next_look_or_when_told(store):
    [first] = queue(store, request())
    waiting = WaitingRuns(store, 1, slots=2)
    assert in_order(waiting) == [first]
    start(store, first)
    store.finish(first, RunStatus.FAILED, failure=Failure(kind="signal", message="killed"))
    [attempt] = store.retry_dead(1, kinds=["signal"], retries=1)
    assert in_order(waiting) == []
    assert in_order(waiting, now=LOOK_SECONDS) == [attempt]
    waiting.look_again()
    assert in_order(waiting, now=LOOK_SECONDS) == [attempt]


def test_the_grid_s_order_holds_until_few_runs_a_slot_are_left_which_go_longest_first(store):
    brief, long = request(replace(FINE_TUNED, epochs=1)), request(replace(FINE_TUNED, epochs=30))
    last = LAST_A_SLOT * 2
    runs = queue(store, brief, long, *(request(FINE_TUNED, seed=seed) for seed in range(last - 1)))
    assert in_order(WaitingRuns(store, 1, slots=2)) == list(runs)
    assert in_order(WaitingRuns(store, 1, slots=1)) == list(runs)
    start(store, runs[-1])
    assert in_order(WaitingRuns(store, 1, slots=2)) == [runs[1], *runs[2:-1], runs[0]]


def test_runs_like_those_that_took_long_are_expected_to_take_long(store):
    kinds = [FROZEN, FINE_TUNED]
    done = queue(store, *(request(config) for config in kinds))
    for run_id, seconds in zip(done, (10.0, 40.0), strict=True):
        start(store, run_id, slot=f"cpu:{run_id}")
        store.finish(run_id, RunStatus.COMPLETED, train_seconds=seconds)
    unknown = replace(FINE_TUNED, encoder="resnet18")
    requests = [request(config, seed=1) for config in (FROZEN, unknown, FINE_TUNED)]
    frozen, of_its_own, fine_tuned = store.add_study("again", requests).run_ids
    assert in_order(WaitingRuns(store, 2, slots=2)) == [fine_tuned, of_its_own, frozen]
