"""`isicbench compare` as a user meets it, on the repository's reference results."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import pytest

from isicbench.errors import ConfigError, DataError
from isicbench.records import PluginMetric
from isicbench.store.store import open_store
from tests.commands import isicbench

REFERENCE = Path(__file__).parents[2] / "results.db"


@pytest.fixture(autouse=True)
def here(tmp_path):
    shutil.copy(REFERENCE, tmp_path / "results.db")


def test_compare_prints_every_experiment_and_a_sentence_for_each_pair():
    done = isicbench("compare")
    assert done.returncode == 0, done.stderr
    text = " ".join(done.stdout.split())
    assert "Feature Extraction (Frozen Encoder) is worse than Fine-tuning (Unfrozen Encoder): Dice 0." in text
    assert "it holds for these two trainings, not for training in general." in text


def test_means_are_those_of_the_database():
    runs = {run["id"]: run for run in json.loads(isicbench("list", "--json").stdout)}
    compared = json.loads(isicbench("compare", 2, 1, "--metric", "iou", "--resolution", "training", "--json").stdout)
    assert (compared["metric"], compared["resolution"], compared["split"]) == ("iou", "training", "test")
    for experiment in compared["experiments"]:
        [run_id] = experiment["run_ids"]
        recorded = next(e for e in runs[run_id]["evaluations"] if e["resolution"] == "training")
        assert experiment["mean"] == pytest.approx(recorded["iou"])
    [pair] = compared["pairs"]
    assert pair["comparison"]["verdict"] == "better"
    assert pair["comparison"]["interval"]["low"] < pair["comparison"]["difference"]


def test_compare_prints_the_same_each_time():
    assert isicbench("compare", "--json").stdout == isicbench("compare", "--json").stdout


def test_unknown_experiment_is_one_error_that_lists_what_there_is():
    done = isicbench("compare", "Fine", "Nothing")
    assert done.returncode == ConfigError.exit_code
    assert "there is no experiment 'Nothing'" in done.stderr
    assert "Feature Extraction (Frozen Encoder) (runs 1)" in done.stderr
    assert "Traceback" not in done.stderr


def test_scores_that_are_not_there_are_one_error():
    done = isicbench("compare", "--split", "validation")
    assert done.returncode == DataError.exit_code
    assert "image by image on the validation images" in done.stderr


@pytest.fixture
def measured(tmp_path):
    """Two metrics of another package, on every image of both runs."""
    store = open_store(str(tmp_path / "results.db"), create=False)
    for run_id, evaluations in store.evaluations([1, 2], with_image_scores=True).items():
        for evaluation in evaluations:
            errors = {s.image_id: float(s.false_positives + s.false_negatives) for s in evaluation.image_scores}
            wrong = PluginMetric(
                name="measures:wrong_px", version="1.0", mean=fmean(errors.values()), better="lower", values=errors
            )
            made = replace(evaluation, plugin_metrics=(wrong, replace(wrong, name="measures:size", better="neither")))
            store.record_evaluation(run_id, made)


def test_metric_of_another_package_is_compared_like_any_other(measured):
    done = isicbench("compare", 1, 2, "--metric", "measures:wrong_px", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    [pair] = found["pairs"]
    assert found["metric"] == "measures:wrong_px"
    assert pair["comparison"]["mean_a"] > pair["comparison"]["mean_b"] > 1
    assert pair["comparison"]["verdict"] == "worse"
    assert ", seed 0): measures:wrong_px " in pair["sentence"]


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        ("dise", "Did you mean dice?"),
        ("measures:wrong", "Did you mean measures:wrong_px?"),
        ("measures:size", "neither its higher nor its lower values are the better ones"),
    ],
)
def test_metric_that_cannot_be_compared_is_one_error(measured, metric, words):
    done = isicbench("compare", "--metric", metric)
    assert done.returncode == ConfigError.exit_code
    assert words in done.stderr
    assert "Traceback" not in done.stderr
