"""A search proposes, prunes and goes on by what is recorded of validation. Runs are played here, not trained."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from isicbench.config import Config
from isicbench.errors import ConfigError
from isicbench.records import Failure, RunRecord, RunStatus, StudyRecord
from isicbench.scheduling.execution import execute
from isicbench.scheduling.planning import Plan, Request, plan_study, prepare_plan
from isicbench.scheduling.resuming import resumable_runs
from isicbench.scheduling.search import Objective, Search, recorded_trials, run_search
from isicbench.scheduling.search_space import read_space
from isicbench.store.store import Store, open_store
from isicbench.store.studies import RunRequest
from tests.store.store_records import DATASET, EVALUATION, epoch, owner

pytest.importorskip("optuna")

EPOCHS = 3
BASE = Config(
    dataset="synthetic", dataset_fingerprint=DATASET.fingerprint, weights="random", frozen=True, epochs=EPOCHS
)
SPACE = read_space(["lr=1e-5..1e-1:log"], ["decoder=conv,fpn"])
DICE = Objective(figure="validation_dice", direction="maximize")


def search_of(trials: int, *, prune: bool = False, slots: int = 1, objective: Objective = DICE) -> Search:
    return Search(space=SPACE, objective=objective, trials=trials, prune=prune, slots=slots, seed=0)


def planned() -> Plan:
    """The plan over both decoders."""
    requests = [
        RunRequest(config=replace(BASE, decoder=decoder), seed=0, dataset=DATASET) for decoder in ("conv", "fpn")
    ]
    return Plan(dataset=None, record=DATASET, runs=tuple(requests))  # type: ignore[arg-type]  # no file is read


def dice(run: RunRecord, number: int) -> float:
    """Better near a rate of 1e-3, and for `fpn`; it rises with the epochs."""
    distance = abs(torch.tensor(run.config.learning_rate).log10().item() + 3)
    return 0.5 + 0.1 * (run.config.decoder == "fpn") - 0.1 * distance + 0.01 * number


class Played:
    """Plays a study's runs one after the other, each with a test score; stops the study after so many."""

    def __init__(self, store: Store, *, test_dice: float = 0.5, stop_after: int | None = None) -> None:
        self.store, self.test_dice, self.left = store, test_dice, stop_after

    def __call__(self, study: StudyRecord, look: Callable[[], None]) -> bool:
        while queued := self.store.queued_runs(study.id, limit=1):
            if self.left == 0:
                return True
            self.left = None if self.left is None else self.left - 1
            self._play(queued[0], look)
        return False

    def _play(self, run: RunRecord, look: Callable[[], None]) -> None:
        assert self.store.claim(run.id, owner(), log_path="log") is not None
        for number in range(1, EPOCHS + 1):
            self.store.record_epoch(run.id, epoch(number, validation_dice=dice(run, number)))
            look()
            if self.store.run(run.id).status is not RunStatus.RUNNING:
                return
        self.store.record_evaluation(run.id, replace(EVALUATION, dice=self.test_dice))
        self.store.finish(run.id, RunStatus.COMPLETED)
        look()


def searched(store: Store, search: Search, **played) -> tuple[bool, list]:
    stopped = run_search(store, search, planned(), command="search", tags=[], train=Played(store, **played))
    return stopped, recorded_trials(store, search, search.tag(planned()))


@pytest.fixture
def store() -> Store:
    return open_store("results.db")


def test_each_trial_is_an_ordinary_run_within_the_space_and_later_ones_are_better(store):
    _, trials = searched(store, search_of(16, slots=2))
    assert [trial.run.status for trial in trials] == [RunStatus.COMPLETED] * 16
    assert all(1e-5 <= trial.values["lr"] <= 1e-1 for trial in trials)
    values = [trial.value for trial in trials]
    assert values == [dice(trial.run, EPOCHS) for trial in trials]
    assert sum(values[-6:]) > sum(values[:6])


def test_the_test_sets_scores_are_never_read(monkeypatch, tmp_path):
    """Whatever they are, the same trials are proposed; and asking the store for them fails."""
    proposed = []
    for name, score in (("low", 0.0), ("high", 1.0)):
        store = open_store(str(tmp_path / f"{name}.db"))
        for reading in ("evaluations", "image_metric", "view_rows", "probabilities"):
            monkeypatch.setattr(store, reading, lambda *_, **__: pytest.fail("scores are read"))
        _, trials = searched(store, search_of(9, prune=True), test_dice=score)
        proposed.append([(trial.values, trial.figures) for trial in trials])
    assert proposed[0] == proposed[1]
    assert len(proposed[0]) == 9


def test_a_stopped_search_goes_on_to_the_same_number_of_trials_and_a_larger_one_adds_some(store):
    stopped, trials = searched(store, search_of(6), stop_after=3)
    assert stopped
    assert [trial.value is not None for trial in trials] == [True, True, True, False, False]
    waiting = [trial.values for trial in trials[3:]]
    stopped, trials = searched(store, search_of(6))
    assert not stopped
    assert [trial.run.status for trial in trials] == [RunStatus.COMPLETED] * 6
    assert [trial.values for trial in trials[3:5]] == waiting
    before = {trial.run.id for trial in trials}
    assert {trial.run.id for trial in searched(store, search_of(6))[1]} == before
    assert len(searched(store, search_of(8))[1]) == 8


def test_trials_below_the_median_are_ended_with_the_reason_and_left_alone(store):
    _, trials = searched(store, search_of(16, prune=True))
    pruned = [trial for trial in trials if trial.pruned]
    assert 0 < len(pruned) < 11
    assert all(trial.run.status is RunStatus.FAILED and trial.value is None for trial in pruned)
    assert "pruned after epoch 1: its validation dice, 0." in pruned[0].run.failure.message
    assert resumable_runs(store, run_ids=(), everything=True) == []
    assert len(searched(store, search_of(17, prune=True))[1]) == 17


def test_a_run_that_was_ended_from_elsewhere_is_trained_no_further_and_not_scored(store, tiny_dataset):
    base = Config(dataset="folder", weights="random", encoder="mobilenet_v3_small", image_size_px=64, epochs=4)
    plan = prepare_plan(plan_study(Request(base=base, axes={}, seeds=[0], data_dir=tiny_dataset)))
    [run_id] = store.add_study("search", plan.runs).run_ids
    run = store.claim(run_id, owner(), log_path="log")

    def prune() -> None:
        if len(store.epochs([run_id]).get(run_id, ())) == 2:
            store.finish(run_id, RunStatus.FAILED, failure=Failure(kind="pruned", message="pruned after epoch 2"))

    ended = execute(store, [run], device=torch.device("cpu"), should_stop=lambda: False, moved=prune)
    assert ended == {run_id: RunStatus.FAILED}
    assert store.run(run_id).failure.message == "pruned after epoch 2"
    assert 2 <= len(store.epochs([run_id])[run_id]) < 4
    assert store.evaluations([run_id]) == {}


@pytest.mark.parametrize(
    ("ranges", "choices", "said"),
    [
        (["lr=1e-2..1e-5"], [], "LOW..HIGH"),
        (["lr=0..1:log"], [], "above 0"),
        (["lr=1..2:linear"], [], "LOW..HIGH"),
        (["size=64..128"], [], "there is no such value"),
        ([], ["decoder=conv"], "two values or more"),
        ([], ["epochs=1,many"], "two values or more"),
        ([], [], "nothing to search"),
        (["lr=1e-5..1e-2"], ["lr=1e-3,1e-4"], "lr is searched twice"),
    ],
)
def test_a_space_that_cannot_be_is_an_error(ranges, choices, said):
    with pytest.raises(ConfigError, match=said):
        read_space(ranges, choices)


def test_a_range_beyond_what_its_setting_can_be_is_an_error_before_the_first_trial(store):
    beyond = replace(search_of(2), space=(*SPACE, *read_space(["warmup-epochs=0..5"], [])))
    with pytest.raises(ConfigError, match="--warmup-epochs 5"):
        searched(store, beyond)
    assert store.runs() == []


def test_validation_alone_can_be_the_objective_and_options_have_one_value():
    with pytest.raises(ConfigError, match="test_dice"):
        Objective(figure="test_dice", direction="maximize")
    axes = {"frozen": [True], "encoder": ["resnet18"], "decoder": ["conv"]}
    request = Request(base=replace(BASE, validate_on="test"), axes=axes, seeds=[0])
    with pytest.raises(ConfigError, match="on the test set"):
        search_of(2).grid(request)
    with pytest.raises(ConfigError, match="several of: frozen"):
        search_of(2).grid(replace(request, base=BASE, axes=axes | {"frozen": [True, False]}))
    assert search_of(2).grid(replace(request, base=BASE)).axes["decoder"] == ("conv", "fpn")
