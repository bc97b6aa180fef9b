"""A study on simulated slots: the real scheduler and the real store, a stand-in for training."""

from collections import Counter

import pytest

from benchmarks.plan_orders import utilisation
from benchmarks.run_costs import RunCosts, Write
from benchmarks.run_lengths import RecordedRun, RunLength
from benchmarks.simulated_study import SCORES, Question, simulate
from isicbench.config import Config
from isicbench.records import RunStatus
from isicbench.store.store import open_store

RECORDED = [
    RecordedRun(frozen=True, epoch_seconds=(0.6, 0.9), other_seconds=1.7),
    RecordedRun(frozen=False, epoch_seconds=(2.5, 2.8), other_seconds=2.5),
]
COSTS = RunCosts(
    epochs=10,
    test_images=379,
    writes=tuple(
        Write(method=method, seconds=0.002, statements=4) for method in ("record_progress", "record_epoch", *SCORES)
    ),
    runs=1,
    rows={},
    database_bytes=0,
    sent_bytes=0,
    model_bytes=0,
    checkpoint_bytes=0,
    prepared_bytes_an_image=0,
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A study of 18 runs on 4 slots, of which three in ten take their worker along; and its database."""
    folder = tmp_path_factory.mktemp("simulated")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ISICBENCH_HOME", str(folder / "home"))
        question = Question(slots=4, runs=18, death_share=0.3, replays_epochs=False, start_seconds=1.0, seed=3)
        outcome = simulate(question, COSTS, RECORDED, folder=folder)
    return outcome, open_store(str(folder / "study.db"), create=False)


def test_every_run_of_a_simulated_study_is_completed_once_and_no_slot_has_two(trained):
    outcome, store = trained
    runs = store.runs()
    completed = Counter((run.config.config_hash, run.seed) for run in runs if run.status is RunStatus.COMPLETED)
    assert outcome.deaths > 0
    again = [run for run in runs if run.retry_of is not None]
    assert len(completed) + len(_lost_twice(runs)) == 18
    assert set(completed.values()) == {1}
    assert len(again) == len({run.retry_of for run in again}) > 0
    assert outcome.refusals == 0
    epochs = store.epochs([run.id for run in runs])
    assert all(len(epochs[run.id]) == run.config.epochs for run in runs if run.status is RunStatus.COMPLETED)
    assert {run.owner.slot for run in runs} == {f"cpu:{number}" for number in range(4)}


def _lost_twice(runs):
    """Retries whose worker died again."""
    return [run for run in runs if run.status is RunStatus.FAILED and run.retry_of is not None]


def test_the_time_of_all_slots_is_what_runs_took_and_what_was_waited(trained):
    outcome, _ = trained
    assert outcome.busy_seconds + outcome.lost_seconds < 4 * outcome.seconds
    assert 0.5 < outcome.utilisation < 1
    assert 0 < outcome.lock_share < 0.5


def test_long_runs_last_leave_slots_idle_and_long_runs_first_do_not():
    short, long = (Config(weights="random", frozen=frozen, epochs=1) for frozen in (True, False))
    runs = [(short, RunLength(epochs=(1.0,), other=0.0))] * 6 + [(long, RunLength(epochs=(6.0,), other=0.0))]
    assert utilisation(runs, slots=2, longest_last=0) == 12 / (2 * 9)
    assert utilisation(runs, slots=2, longest_last=7) == 1.0
