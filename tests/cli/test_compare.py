"""`isicbench compare` as a user meets it, on the repository's reference results."""

import json
import shutil
from pathlib import Path

import pytest

from isicbench.errors import ConfigError, DataError
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
