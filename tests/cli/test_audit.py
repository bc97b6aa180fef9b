"""`isicbench data audit` as a user runs it."""

import json
import shutil
from pathlib import Path

import pytest

from isicbench.data.synthetic import write_synthetic
from tests.commands import isicbench
from tests.data.audited import image_file, mask_file, plant_copy, train_id


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "pairs"
    write_synthetic(root, train=4, test=2, seed=1)
    return root


def audit(folder: Path, *options: object):
    return isicbench("data", "audit", "--dataset", "folder", "--data-dir", folder, *options, COLUMNS="200")


def test_clean_folder_ends_with_0_and_writes_no_picture(folder: Path) -> None:
    done = audit(folder)
    assert done.returncode == 0, done.stderr
    assert "no errors, no warnings" in done.stdout
    assert not Path("audit.png").exists()


def test_leak_ends_with_3_is_named_and_drawn(folder: Path) -> None:
    plant_copy(folder, train_id(0), "ISIC_0000042", split="test")
    done = audit(folder)
    assert done.returncode == 3, done.stderr
    assert f"ISIC_0000042 (test): leak: same bytes as {train_id(0)} (train)" in done.stdout
    assert "1 error, no warnings" in done.stdout
    assert Path("audit.png").is_file()


def test_warning_alone_ends_with_0(folder: Path) -> None:
    plant_copy(folder, train_id(0), "ISIC_0000042", split="train")
    done = audit(folder, "--output", "here.png")
    assert done.returncode == 0, done.stderr
    assert "no errors, 1 warning" in done.stdout
    assert Path("here.png").is_file()


def test_json_is_the_only_output_and_draws_only_where_asked(folder: Path) -> None:
    plant_copy(folder, train_id(0), "ISIC_0000042", split="test")
    done = audit(folder, "--json")
    assert done.returncode == 3
    (finding,) = json.loads(done.stdout)["findings"]
    assert (finding["level"], finding["kind"], finding["other"]["image_id"]) == ("error", "bytes", train_id(0))
    assert not Path("audit.png").exists()


def test_dataset_of_the_database_is_compared_by_name_and_fingerprint(folder: Path, tmp_path: Path) -> None:
    options = ("--weights", "random", "--size", 64, "--epochs", 1, "--frozen", "--devices", "cpu", "--batch-size", 2)
    done = isicbench("run", "--dataset", "folder", "--data-dir", folder, *options, "--validation-share", 0.25)
    assert done.returncode == 0, done.stderr
    other = tmp_path / "other"
    write_synthetic(other, train=2, test=1, seed=9)
    shutil.copy(image_file(folder, train_id(1)), image_file(other, "ISIC_0000042", split="test"))
    shutil.copy(mask_file(folder, train_id(1)), mask_file(other, "ISIC_0000042", split="test"))
    found = json.loads(audit(other, "--against", "folder", "--json").stdout)
    assert found["compared"] == [{"name": "folder", "image_count": 6}]
    (finding,) = found["findings"]
    assert (finding["kind"], finding["image_id"]) == ("bytes", "ISIC_0000042")
    assert finding["other"] == {"dataset": "folder", "image_id": train_id(1), "split": "train", "file": None}


def test_unknown_dataset_to_compare_with_is_an_error_that_says_what_to_name(folder: Path) -> None:
    isicbench("run", "--dataset", "folder", "--data-dir", folder, "--dry-run")
    done = audit(folder, "--against", "nowhere")
    assert done.returncode in (3, 5)
    assert "Traceback" not in done.stderr
    assert "--db" in done.stderr
