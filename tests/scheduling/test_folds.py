"""A cross-validation from the command to the report, and a run with all that staged training has."""

import json

from isicbench.store.store import open_store
from tests.commands import isicbench


def test_folds_score_every_training_image_once_and_no_test_image(quick):
    done = isicbench("run", *quick, "--frozen", "--epochs", 1, "--devices", "cpu", "--folds", 2, "--name", "mine")
    assert done.returncode == 0, done.stderr
    store = open_store("results.db", create=False)
    runs = store.runs()
    assert [(run.experiment, run.config.folds, run.config.fold) for run in runs] == [("mine", 2, k) for k in (1, 2)]
    found = [store.evaluations([run.id], with_image_scores=True)[run.id] for run in runs]
    assert {evaluation.split for evaluations in found for evaluation in evaluations} == {"fold"}
    scored = [score.image_id for training, _ in found for score in training.image_scores]
    images = store.dataset_images(runs[0].config.dataset_fingerprint)
    assert sorted(scored) == sorted(image.image_id for image in images if image.split == "train")
    assert [training.seen_in_training for training, _ in found] == [0, 0]
    again = isicbench("evaluate", 2, "--split", "fold", "--resolution", "training", "--devices", "cpu", "--json")
    assert json.loads(again.stdout)[0]["dice"] == found[1][0].dice
    assert "mine: 2-fold cross-validation, IoU" in " ".join(done.stdout.split())


def test_a_run_frozen_at_first_and_in_part_is_scored_with_the_weights_that_it_saves(quick):
    options = ("--unfreeze-at", 2, "--freeze-until", 4, "--ema", 0.9, "--keep", "best", "--accumulate", 2)
    done = isicbench("run", *quick, "--fine-tuned", "--epochs", 2, "--devices", "cpu", *options, "--patience", 2)
    assert done.returncode == 0, done.stderr
    store = open_store("results.db", create=False)
    [run] = store.runs()
    assert run.experiment == "Fine-tuning (Partly Frozen Encoder)"
    assert not [found for found in run.diagnoses if found.kind == "frozen_encoder_moved"]
    before = store.evaluations([1], with_image_scores=True)[1]
    assert isicbench("evaluate", 1, "--devices", "cpu").returncode == 0
    after = store.evaluations([1], with_image_scores=True)[1]
    assert [found.image_scores for found in after] == [found.image_scores for found in before]
