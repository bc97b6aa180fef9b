"""`isicbench score` as a user calls it: what is recorded, what is recognised, and when nothing is written."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from isicbench.data.images import read_full_mask
from isicbench.data.layout import TEST_MASKS
from isicbench.data.synthetic import write_synthetic
from tests.commands import isicbench
from tests.scoring.mask_folders import blob, write_masks

IDS = [f"ISIC_{number:07d}" for number in range(3)]
SHAPE = (60, 80)


@pytest.fixture
def true(tmp_path: Path) -> Path:
    return write_masks(tmp_path / "true", {image_id: blob(SHAPE) for image_id in IDS})


@pytest.fixture
def predicted(tmp_path: Path) -> Path:
    return write_masks(tmp_path / "unet", {image_id: blob(SHAPE, shift=0.05) for image_id in IDS})


def rows(table: str) -> list[tuple]:
    with closing(sqlite3.connect("results.db")) as connection:
        return connection.execute(f"SELECT * FROM {table}").fetchall()


def test_scores_are_recorded_and_shown_beside_each_other(predicted: Path, true: Path):
    done = isicbench("score", "--predictions", predicted, "--truth", true)
    assert done.returncode == 0, done.stderr
    assert "Run 1: External masks: unet; dataset masks" in done.stdout
    assert "Macro scores: means over the images" in done.stdout
    assert isicbench("score", "--predictions", true, "--truth", true, "--name", "Perfect").returncode == 0
    report = isicbench("report", COLUMNS="80").stdout
    assert "External masks: unet" in report
    assert "masks of another tool" in report
    assert [len(rows(table)) for table in ("runs", "evaluations", "image_scores")] == [2, 2, 6]
    shown = isicbench("show", "2", COLUMNS="80").stdout
    assert "Perfect, masks of another tool" in shown
    assert "learning_rate" not in shown
    listed = {run["experiment"]: run for run in json.loads(isicbench("list", "--json").stdout)}
    assert listed["Perfect"]["evaluations"][0]["iou"] == 1.0
    assert listed["Perfect"]["config"]["encoder"] == "external"


def test_same_predictions_are_recognised_and_scored_again_only_by_force(predicted: Path, true: Path, tmp_path: Path):
    arguments = ("score", "--truth", true, "--predictions")
    assert isicbench(*arguments, predicted).returncode == 0
    copied = write_masks(tmp_path / "copy", {image_id: blob(SHAPE, shift=0.05) for image_id in IDS})
    again = isicbench(*arguments, copied, "--name", "Renamed")
    assert again.returncode == 0
    assert "scored before, as run 1" in again.stderr
    assert len(rows("runs")) == 1
    assert "Renamed" in isicbench("list").stdout
    assert isicbench(*arguments, predicted, "--force").returncode == 0
    assert len(rows("runs")) == 2
    assert isicbench(*arguments, predicted, "--threshold", 0.5).returncode == 0
    assert len(rows("runs")) == 2  # 0 and 255 are the same at that threshold
    assert isicbench(*arguments, predicted, "--threshold", 0.3).returncode == 0
    assert len(rows("experiments")) == 2


def unsound(kind: str, predicted: Path) -> str:
    """Make one prediction unsound; returns what the message says of it."""
    path = predicted / f"{IDS[1]}_Segmentation.png"
    if kind == "missing":
        path.unlink()
        return "missing"
    if kind == "extra":
        write_masks(predicted, {"ISIC_0000009": blob(SHAPE)})
        return "extra: there is no true mask of ISIC_0000009"
    if kind == "unreadable":
        path.write_bytes(path.read_bytes()[:60])
        return "truncated"
    values, said = {
        "size": (blob((60, 81)), "is 81x60, its true mask 80x60"),
        "grey": (np.where(blob(SHAPE), 200, 10).astype(np.uint8), "holds 2 values other than 0 and 255"),
        "ones": (blob(SHAPE).astype(np.uint8), "its values are 0 and 1"),
        "inverted": (~blob(SHAPE), "looks inverted"),
    }[kind]
    write_masks(predicted, {IDS[1]: values})
    return said


@pytest.mark.parametrize("kind", ["missing", "extra", "unreadable", "size", "grey", "ones", "inverted"])
def test_unsound_prediction_is_named_and_nothing_is_written(predicted: Path, true: Path, kind: str):
    said = unsound(kind, predicted)
    done = isicbench("score", "--predictions", predicted, "--truth", true)
    assert done.returncode == 3
    assert done.stderr.count("Error:") == 1
    assert said in done.stderr
    assert "ISIC_000000" in done.stderr
    assert "Traceback" not in done.stderr
    assert not Path("results.db").exists()


def test_unsound_prediction_leaves_a_database_as_it_was(predicted: Path, true: Path):
    assert isicbench("score", "--predictions", predicted, "--truth", true).returncode == 0
    before = {table: rows(table) for table in ("datasets", "experiments", "runs", "evaluations", "image_scores")}
    unsound("ones", predicted)
    assert isicbench("score", "--predictions", predicted, "--truth", true, "--force").returncode == 3
    assert {table: rows(table) for table in before} == before


def test_missing_prediction_is_scored_0_where_that_is_asked_for(predicted: Path, true: Path):
    unsound("missing", predicted)
    done = isicbench("score", "--predictions", predicted, "--truth", true, "--allow-missing", "--json")
    assert done.returncode == 0, done.stderr
    assert "No prediction, so a score of 0, for: ISIC_0000001" in done.stderr
    (evaluation,) = json.loads(done.stdout)["evaluations"]
    assert evaluation["image_count"] == 3
    assert isicbench("score", "--predictions", predicted, "--truth", true).returncode == 3


@pytest.mark.parametrize("threshold", ["0", "1", "1.5", "nan"])
def test_threshold_must_lie_between_0_and_1(predicted: Path, true: Path, threshold: str):
    done = isicbench("score", "--predictions", predicted, "--truth", true, "--threshold", threshold)
    assert done.returncode == 2
    assert "--threshold" in done.stderr
    assert not Path("results.db").exists()


def test_masks_of_the_challenges_layout_pair_with_those_of_trained_runs(tmp_path: Path):
    root = tmp_path / "data"
    write_synthetic(root, train=4, test=2, seed=5)
    run = ("--dataset", "folder", "--data-dir", root, "--weights", "random", "--epochs", 1, "--size", 32)
    assert isicbench("run", *run, "--frozen", "--devices", "cpu").returncode == 0
    predicted = {
        path.name.removesuffix("_Segmentation.png"): np.roll(read_full_mask(path).astype(bool), 5, axis=0)
        for path in (root / TEST_MASKS).iterdir()
    }
    folder = write_masks(tmp_path / "predicted", predicted)
    assert isicbench("score", "--predictions", folder, "--truth", root / TEST_MASKS).returncode == 0
    assert len(rows("datasets")) == 1
    with closing(sqlite3.connect("results.db")) as connection:
        images = (
            "SELECT DISTINCT image_id, dataset_fingerprint FROM image_results "
            "WHERE run_id = ? AND split = 'test' ORDER BY 1"
        )
        assert connection.execute(images, [2]).fetchall() == connection.execute(images, [1]).fetchall()
        shown = "SELECT experiment, resolution, iou, train_loss FROM results WHERE run_id = 2"
        ((name, resolution, iou, train_loss),) = connection.execute(shown).fetchall()
    assert (name, resolution, train_loss) == ("External masks: predicted", "original", None)
    assert 0.5 < iou < 1
    report = isicbench("report", "--format", "markdown")
    assert report.returncode == 0
    text = Path("reports/report.md").read_text()
    assert f"| External masks: predicted | {iou:.4f} |" in text
    assert "| – | – |" in text


def test_pictures_are_not_needed_to_read_the_masks_sizes(predicted: Path, true: Path):
    """A prediction far larger than its truth is named by its header, and is not decoded."""
    Image.new("1", (9000, 9000)).save(predicted / f"{IDS[0]}_Segmentation.png")
    done = isicbench("score", "--predictions", predicted, "--truth", true)
    assert "is 9000x9000, its true mask 80x60" in done.stderr
