"""`isicbench evaluate`, thresholds chosen on validation, and what a run records of its probabilities."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from isicbench.data.synthetic import write_synthetic
from isicbench.store.store import Store, open_store
from tests.commands import isicbench
from tests.scheduling.conftest import quick_options


@pytest.fixture(scope="module")
def other_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("other") / "pairs"
    write_synthetic(folder, train=4, test=5, seed=2)
    return folder


@pytest.fixture(scope="module")
def trained_folder(tmp_path_factory: pytest.TempPathFactory, tiny_dataset: Path, shared_home: Path) -> Path:
    """Where one run was trained."""
    folder = tmp_path_factory.mktemp("trained")
    options = (*quick_options(tiny_dataset), "--frozen", "--epochs", 2, "--devices", "cpu", "--threshold", "auto")
    done = isicbench("run", *options, cwd=folder, ISICBENCH_HOME=str(shared_home))
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def trained(trained_folder: Path) -> Store:
    """Its database, and all that lies beside it, in the test's own folder."""
    shutil.copytree(trained_folder, Path.cwd(), dirs_exist_ok=True)
    return open_store("results.db", create=False)


def test_run_records_every_metric_at_both_resolutions_and_its_probabilities(trained):
    training, original = trained.evaluations([1], with_image_scores=True)[1]
    assert (training.resolution, original.resolution) == ("training", "original")
    assert {score.true_positives + score.false_negatives for score in original.image_scores} != {0}
    pixels = [
        s.true_positives + s.false_positives + s.false_negatives + s.true_negatives for s in original.image_scores
    ]
    assert all(count > 64 * 64 for count in pixels)
    for evaluation in (training, original):
        assert evaluation.final
        assert evaluation.seen_in_training == 0
        assert 0 <= evaluation.boundary_iou <= 1
        assert evaluation.hausdorff95_px >= 0
    validation, test = trained.probabilities([1])[1]
    assert (validation.split, test.split) == ("validation", "test")
    assert sum(test.positives) + sum(test.negatives) == 4 * 64 * 64


def test_automatic_threshold_is_the_best_one_on_validation_and_is_what_the_test_set_is_scored_at(trained):
    validation, _ = trained.probabilities([1])[1]
    best = max(score.dice for score in validation.threshold_scores)
    [scored_at] = {evaluation.threshold for evaluation in trained.evaluations([1])[1]}
    [chosen] = [score for score in validation.threshold_scores if score.threshold == scored_at]
    assert chosen.dice == best
    assert trained.run(1).config.threshold_rule == "validation"


def test_automatic_threshold_is_refused_where_it_would_look_at_the_test_set(quick):
    done = isicbench("run", *quick, "--threshold", "auto", "--validate-on", "test")
    assert done.returncode == 2
    assert "on the test set" in done.stderr
    assert not Path("results.db").exists() or open_store("results.db").runs() == []


def test_evaluation_at_another_threshold_stands_beside_the_runs_own(trained):
    done = isicbench("evaluate", 1, "--threshold", 0.05, "--resolution", "training", "--devices", "cpu", "--json")
    assert done.returncode == 0, done.stderr
    [printed] = json.loads(done.stdout)
    assert (printed["threshold"], printed["final"], printed["image_count"]) == (0.05, False, 4)
    recorded = trained.evaluations([1])[1]
    assert len(recorded) == 3
    assert [evaluation.final for evaluation in recorded] == [True, True, False]


def test_evaluation_that_repeats_the_runs_own_gives_the_same_scores_and_stays_final(trained):
    before = trained.evaluations([1], with_image_scores=True)[1]
    assert isicbench("evaluate", 1, "--devices", "cpu").returncode == 0
    after = trained.evaluations([1], with_image_scores=True)[1]
    assert [evaluation.final for evaluation in after] == [True, True]
    assert [evaluation.image_scores for evaluation in after] == [evaluation.image_scores for evaluation in before]


@pytest.mark.parametrize(("split", "count"), [("train", 9), ("validation", 3)])
def test_evaluation_of_another_split_counts_what_was_trained_on(trained, split, count):
    done = isicbench("evaluate", 1, "--split", split, "--resolution", "training", "--devices", "cpu", "--json")
    assert done.returncode == 0, done.stderr
    [printed] = json.loads(done.stdout)
    assert printed["image_count"] == count
    assert printed["seen_in_training"] == (count if split == "train" else 0)


def test_evaluation_on_another_dataset_is_recorded_with_its_fingerprint(trained, other_dataset):
    done = isicbench("evaluate", 1, "--data-dir", other_dataset, "--devices", "cpu", "--json")
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert [row["image_count"] for row in printed] == [5, 5]
    [fingerprint] = {row["dataset_fingerprint"] for row in printed}
    assert fingerprint != trained.run(1).config.dataset_fingerprint
    assert trained.datasets()[fingerprint].test_count == 5
    assert {row["seen_in_training"] for row in printed} == {0}
    assert np.isfinite([row["dice"] for row in printed]).all()


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--split", "validation", "--data-dir", "OTHER"), 2, "another dataset has none"),
        (("--threshold", "1.5"), 2, "between 0 and 1"),
        (("--data-dir", "nowhere"), 3, "no such folder"),
    ],
    ids=["validation", "threshold", "folder"],
)
def test_evaluation_that_cannot_be_done_says_why_and_records_nothing(trained, other_dataset, options, code, message):
    words = [str(other_dataset) if word == "OTHER" else word for word in options]
    done = isicbench("evaluate", 1, *words, "--devices", "cpu")
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)
    assert message in done.stderr.replace("\n", " ")
    assert len(trained.evaluations([1])[1]) == 2


def test_weights_that_are_gone_or_changed_are_named(trained):
    [model] = [Path(artifact.path) for artifact in trained.artifacts(1) if artifact.kind == "model"]
    model.write_bytes(b"other bytes")
    changed = isicbench("evaluate", 1, "--devices", "cpu")
    model.unlink()
    gone = isicbench("evaluate", 1, "--devices", "cpu")
    assert (changed.returncode, gone.returncode) == (4, 4)
    assert "SHA-256" in changed.stderr
    assert "not there" in gone.stderr
