"""Whatever a user gets wrong: one clear message, an exit code of its kind, no traceback, an intact database."""

import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from isicbench.data.synthetic import write_synthetic
from tests.commands import isicbench

TRAIN_IMAGES = "ISBI2016_ISIC_Part1_Training_Data"
TRAIN_MASKS = "ISBI2016_ISIC_Part1_Training_GroundTruth"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound") / "pairs"
    write_synthetic(folder, train=4, test=2, seed=3)
    return folder


@pytest.fixture
def pairs(sound: Path, tmp_path: Path) -> Path:
    """A copy to damage."""
    return Path(shutil.copytree(sound, tmp_path / "pairs"))


def first(folder: Path) -> Path:
    return min(folder.iterdir())


def run(*options: object, data: Path | None = None, **environment: str):
    dataset = ("--dataset", "folder", "--data-dir", data) if data else ()
    small = ("--weights", "random", "--size", 64, "--epochs", 1, "--frozen", "--devices", "cpu")
    return isicbench("run", *small, *dataset, *options, **environment)


def check(done, *, code: int, says: str) -> None:
    message = done.stderr
    assert done.returncode == code, message
    assert says in " ".join(message.split())
    assert "Traceback" not in message + done.stdout
    assert message.strip().count("Error") == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--epochs", 0), "--epochs 0: expected a whole number from 1"),
        (("--epochs", "ten"), "--epochs"),
        (("--lr", "-1"), "--lr -1.0: expected a finite number above 0"),
        (("--lr", "nan"), "--lr nan"),
        (("--batch-size", 0), "--batch-size 0"),
        (("--size", 7), "--size 7"),
        (("--threshold", 1.5), "--threshold 1.5"),
        (("--augmentation", "magic"), "--augmentation magic: expected one of study, flips, none"),
        (("--validate-on", "train"), "--validate-on train: expected one of held-out, test"),
        (("--validation-share", 1), "--validation-share 1.0"),
        (("--seed", 1, "--seed", 2, "--name", "a", "--name", "b"), "2 names for 1 experiments"),
        (("--unknown", 1), "--unknown"),
    ],
)
def test_a_wrong_option_value(options, says, pairs):
    check(run(*options, data=pairs), code=2, says=says)


@pytest.mark.parametrize("devices", ["gpu", "cuda:0", "cpu:0"])
def test_a_device_that_is_not_there(devices, pairs):
    check(run("--devices", devices, data=pairs, CUDA_VISIBLE_DEVICES=""), code=6, says="Error: ")


def test_an_unknown_dataset():
    check(run("--dataset", "isic2099"), code=3, says="no dataset is named isic2099")


def test_a_missing_folder():
    check(run(data=Path("nowhere")), code=3, says="nowhere")


def test_a_truncated_jpeg_is_named(pairs):
    image = first(pairs / TRAIN_IMAGES)
    image.write_bytes(image.read_bytes()[: image.stat().st_size // 2])
    check(run(data=pairs), code=3, says=image.name)


def test_a_mask_of_another_size_is_named(pairs):
    mask = first(pairs / TRAIN_MASKS)
    Image.fromarray(np.zeros((10, 20), np.uint8)).save(mask)
    check(run(data=pairs), code=3, says=mask.name)


def test_a_grey_mask_is_named(pairs):
    mask = first(pairs / TRAIN_MASKS)
    grey = np.asarray(Image.open(mask)).copy()
    grey[: len(grey) // 4] = 77
    Image.fromarray(grey).save(mask)
    check(run(data=pairs), code=3, says=mask.name)


def test_a_missing_mask_is_named(pairs):
    mask = first(pairs / TRAIN_MASKS)
    mask.unlink()
    check(run(data=pairs), code=3, says=mask.name)


def test_a_folder_that_is_not_the_challenges_counts(pairs):
    done = isicbench("run", "--weights", "random", "--data-dir", pairs)
    check(done, code=3, says="900")
    assert "--dataset folder" in done.stderr


def test_no_download_without_network():
    done = isicbench("run", "--weights", "random", ISICBENCH_ISIC2016_URL="http://127.0.0.1:9")
    check(done, code=3, says="--dataset synthetic")


def test_no_weights(pairs):
    check(run("--weights", "nowhere.pt", data=pairs), code=4, says="nowhere.pt: no such file")
    done = run("--weights", "imagenet1k_v1", data=pairs, ISICBENCH_WEIGHTS_URL="http://127.0.0.1:9")
    check(done, code=4, says="mobilenet_v2-b0353104.pth")


def test_a_database_that_cannot_be_written(pairs):
    check(run("--db", "nowhere/results.db", data=pairs), code=5, says="nowhere/results.db")
    check(run("--db", ".", data=pairs), code=5, says="is a folder")


def test_a_file_that_is_not_a_database(pairs):
    Path("results.db").write_text("my notes, not a database, and long enough to be taken for one\n" * 50)
    before = Path("results.db").read_bytes()
    check(run(data=pairs), code=5, says="not a database")
    assert Path("results.db").read_bytes() == before


def test_a_database_of_a_newer_schema_is_left_alone(pairs):
    assert run(data=pairs).returncode == 0
    with sqlite3.connect("results.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    for command in (("list",), ("report",), ("show", 1)):
        check(isicbench(*command), code=5, says="newer version")
    check(run(data=pairs), code=5, says="pip install --upgrade isicbench")
    with sqlite3.connect("results.db") as database:
        assert database.execute("SELECT COUNT(*) FROM runs").fetchone() == (1,)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize("command", [("list",), ("report",), ("show", 1), ("watch",), ("rm", 1)])
def test_a_command_that_reads_makes_no_database(command):
    check(isicbench(*command), code=5, says="no database there")
    assert not Path("results.db").exists()
