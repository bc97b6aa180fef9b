"""Experiments trained on one dataset and tested on others, end to end: runs, evaluations, the report's tables."""

import csv
import io
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from isicbench.data.layout import TEST_IMAGES, TEST_MASKS, TRAIN_IMAGES, TRAIN_MASKS
from isicbench.data.synthetic import write_synthetic
from isicbench.store.store import Store, open_store
from tests.commands import isicbench

QUICK = (
    *("--weights", "random", "--size", "64", "--batch-size", "4", "--epochs", "1", "--frozen", "--devices", "cpu"),
    *("--dataset", "folder"),
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cross")


@pytest.fixture(scope="module")
def challenge_like(place: Path) -> Path:
    """Eight training and three test pairs; one of the test images is a training image of the other dataset."""
    root = place / "first"
    write_synthetic(root, train=8, test=3, seed=5)
    return root


@pytest.fixture(scope="module")
def plain(place: Path, challenge_like: Path) -> tuple[Path, Path, Path]:
    """Images and masks in two folders, and a table of their splits and patients."""
    write_synthetic(place / "drawn", train=8, test=2, seed=6)
    images, masks = place / "images", place / "masks"
    images.mkdir()
    masks.mkdir()
    rows = ["image,split,patient"]
    for split, folder, mask_folder in (("train", TRAIN_IMAGES, TRAIN_MASKS), ("test", TEST_IMAGES, TEST_MASKS)):
        for number, path in enumerate(sorted((place / "drawn" / folder).iterdir())):
            name = f"{split}{number}"
            shutil.copy(path, images / f"{name}.jpg")
            shutil.copy(place / "drawn" / mask_folder / f"{path.stem}_Segmentation.png", masks / f"{name}_lesion.png")
            rows.append(f"{name},{split},{split}-patient{number // 2}")
    seen = next((challenge_like / TEST_IMAGES).iterdir())
    shutil.copy(seen, images / "seen.jpg")
    shutil.copy(challenge_like / TEST_MASKS / f"{seen.stem}_Segmentation.png", masks / "seen_lesion.png")
    table = place / "table.csv"
    table.write_text("\n".join([*rows, "seen,train,train-patient9"]))
    return images, masks, table


@pytest.fixture(scope="module")
def options(plain: tuple[Path, Path, Path]) -> tuple[str, ...]:
    images, masks, table = plain
    return ("--images", str(images), "--masks", str(masks), "--split-file", str(table), "--group-by", "patient")


@dataclass(frozen=True)
class Crossed:
    """What the commands left and printed."""

    database: str
    before: str
    """The report of A, while nothing but its own test images was scored."""
    evaluated: str
    """What the evaluation on the first dataset said beside its figures."""


@pytest.fixture(scope="module")
def crossed(shared_home: Path, place: Path, challenge_like: Path, options: tuple[str, ...]) -> Crossed:
    """One experiment on each dataset, the first with two seeds, each tested on the other's test images."""
    url = str(place / "results.db")

    def run(*words: object) -> CompletedProcess[str]:
        done = isicbench(*words, "--db", url, cwd=place, ISICBENCH_HOME=str(shared_home), COLUMNS="160")
        assert done.returncode == 0, done.stderr
        return done

    run("run", *QUICK, "--data-dir", challenge_like, "--name", "A", "--seed", 0, "--seed", 1)
    run("run", *QUICK, *options, "--name", "B", "--validation-share", 0.25)
    before = run("report", "--experiment", "A", "--format", "markdown", "--output", "-").stdout
    evaluated = run("evaluate", "--all", "--data-dir", challenge_like, "--devices", "cpu").stderr
    run("evaluate", 1, 2, "--dataset", "folder", *options, "--devices", "cpu")
    return Crossed(database=url, before=before, evaluated=evaluated)


@pytest.fixture
def database(crossed: Crossed) -> str:
    return crossed.database


@pytest.fixture
def store(database: str) -> Store:
    return open_store(database, create=False)


def report(database: str, *words: object) -> str:
    done = isicbench("report", "--db", database, *words, "--output", "-", COLUMNS="160")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_runs_keep_patients_whole_and_say_on_which_images_they_validate(store: Store, database: str) -> None:
    [fingerprint] = {run.config.dataset_fingerprint for run in store.runs() if run.experiment == "B"}
    record = store.datasets()[fingerprint]
    assert (record.train_count, record.validation_count, record.test_count) == (7, 2, 2)
    protocols = json.loads(report(database, "--format", "json"))["protocols"]
    assert "validated on the dataset's 2 validation images" in str(protocols)


def test_table_holds_each_experiment_on_each_dataset_and_marks_own_and_seen(store: Store, database: str) -> None:
    first, second = json.loads(report(database, "--format", "json"))["tables"]["dice_by_dataset"]
    assert [row["experiment"]["name"] for row in (first, second)] == ["A", "B"]
    a, b = [key for key in first if key.startswith("dice_")]
    assert [cell["mark"] for cell in (first[a], first[b], second[a], second[b])] == ["own", "", "1 of 3 seen", "own"]
    own = store.run(1).config.dataset_fingerprint
    for row, runs in ((first, [1, 2]), (second, [3])):
        for key, is_first in ((a, True), (b, False)):
            found = [
                one.dice
                for evaluations in store.evaluations(runs).values()
                for one in evaluations
                if one.resolution == "training" and (one.dataset_fingerprint == own) == is_first
            ]
            assert len(found) == len(runs)
            assert row[key]["mean"] == pytest.approx(sum(found) / len(found), abs=1e-12)
            assert row[key]["low"] <= row[key]["mean"] <= row[key]["high"]


def test_every_format_shows_the_same_scores(database: str) -> None:
    table = ("--table", "iou_by_dataset")
    rows = json.loads(report(database, "--format", "json", *table))["tables"]["iou_by_dataset"]
    keys = [key for key in rows[0] if key.startswith("iou_")]
    exact = [row[key] for row in rows for key in keys]
    cells = list(csv.DictReader(io.StringIO(report(database, "--format", "csv", *table))))
    assert [float(row[key]) for row in cells for key in keys] == [cell["mean"] for cell in exact]
    assert [row[f"{key}_mark"] for row in cells for key in keys] == [cell["mark"] for cell in exact]
    for name, words in (("markdown", ()), ("latex", table), ("terminal", ()), ("html", ())):
        text = report(database, "--format", name, *words)
        numbers = [f"{cell[part]:.3f}" for cell in exact for part in ("mean", "low", "high")]
        assert [number for number in numbers if number not in text] == [], name
        assert "1 of 3 seen" in text, name


def test_page_has_the_section_and_names_what_is_marked(database: str) -> None:
    page = report(database, "--format", "html")
    [section] = re.findall(r'<section id="datasets".*?</section>', page, re.S)
    assert section.count('<span class="standing">own</span>') == 4
    assert section.count('<span class="mark">1 of 3 seen</span>') == 2
    assert section.count("<small>") == 8
    assert '<a href="#datasets">Test datasets</a>' in page


def test_table_stands_only_where_there_is_more_than_one_test_dataset(crossed: Crossed) -> None:
    assert "Test datasets" not in crossed.before
    assert "Test datasets" in report(crossed.database, "--format", "markdown", "--experiment", "A")


def test_evaluation_warns_of_test_images_that_were_trained_on(crossed: Crossed) -> None:
    assert "run 3: 1 of 3 test images was in the training images" in re.sub(r"\s+", " ", crossed.evaluated)
    assert "run 1:" not in crossed.evaluated


def test_overlap_names_the_test_image_that_the_other_dataset_trains_on(
    database: str, store: Store, challenge_like: Path
) -> None:
    fingerprint = store.run(3).config.dataset_fingerprint
    done = isicbench("data", "overlap", challenge_like, fingerprint[:16], "--db", database, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["shared"] == [{"split": "test", "other_split": "train", "count": 1, "total": 3}]
    [copy] = found["copies"]
    assert (found["by_hashes"], copy["kind"], copy["other"]["image_id"]) == (True, "bytes", "seen")
    printed = isicbench("data", "overlap", challenge_like, challenge_like.parent / "drawn")
    assert (printed.returncode, "id (10)" in printed.stdout) == (0, True), printed.stderr
