"""Masks of another tool in the store: one transaction, recognised by their config."""

import pytest

from isicbench.config import Config
from isicbench.records import DatasetRecord, EvaluationRecord, RunStatus
from isicbench.store import recording
from isicbench.store.studies import RunRequest

DATASET = DatasetRecord(
    name="masks", fingerprint="d" * 64, train_count=0, test_count=1, source="folder", licence="as stated"
)
EVALUATION = EvaluationRecord(
    split="test",
    dataset_fingerprint="d" * 64,
    resolution="original",
    threshold=0.5,
    image_count=1,
    iou=0.7,
    dice=0.8,
    micro_iou=0.7,
    micro_dice=0.8,
    predicted_share=0.2,
    true_share=0.25,
    seconds=2.0,
)


def request(name="Other tool", sha256="a" * 64):
    config = Config.external(dataset="masks", dataset_fingerprint="d" * 64, predictions_sha256=sha256, threshold=0.5)
    return RunRequest(config=config, seed=0, dataset=DATASET, name=name)


def test_external_run_is_completed_with_its_evaluation(store):
    run, was_there = store.add_external(request(), EVALUATION)
    assert not was_there
    assert (run.status, run.experiment, run.config.is_external) == (RunStatus.COMPLETED, "Other tool", True)
    assert (run.finished_at - run.started_at).total_seconds() == pytest.approx(2.0)
    assert store.evaluations([run.id])[run.id][0].iou == 0.7
    assert store.epochs([run.id]).get(run.id, []) == []


def test_same_masks_give_the_run_that_is_there_unless_forced(store):
    first, _ = store.add_external(request(), EVALUATION)
    again, was_there = store.add_external(request(), EVALUATION)
    assert (again.id, was_there) == (first.id, True)
    forced, was_there = store.add_external(request(), EVALUATION, force=True)
    assert (forced.id != first.id, was_there) == (True, False)
    other, was_there = store.add_external(request(sha256="b" * 64), EVALUATION)
    assert (other.config != first.config, was_there) == (True, False)
    assert store.completed_run(request().config).id == forced.id


def test_run_whose_scores_cannot_be_written_is_not_there_either(store, monkeypatch):
    def fail(*_):
        raise RuntimeError("power cut")

    monkeypatch.setattr(recording, "record_evaluation", fail)
    with pytest.raises(RuntimeError):
        store.add_external(request(), EVALUATION)
    assert store.runs() == []
    assert store.datasets() == {}
    assert store.completed_run(request().config) is None


def test_rename_changes_the_name_and_nothing_else(store):
    run, _ = store.add_external(request(), EVALUATION)
    renamed = store.rename_experiment(run.id, "Better name")
    assert (renamed.experiment, renamed.config, renamed.uid) == ("Better name", run.config, run.uid)
