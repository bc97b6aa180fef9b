"""Experiments trained on one dataset and tested on others, end to end: runs, evaluations, the report's tables."""

import csv
import io
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from rich.console import Console

from isicbench.cli.auditing import named_dataset
from isicbench.config import Config
from isicbench.data.catalog import NO_CHOICE
from isicbench.data.layout import FOLDERS, TEST_IMAGES, TEST_MASKS, TRAIN_IMAGES, TRAIN_MASKS
from isicbench.data.overlap import find_overlap
from isicbench.data.split_choice import SplitChoice
from isicbench.records import Owner
from isicbench.report.contents import read_contents
from isicbench.report.formats import FORMATS
from isicbench.report.layout import Layout
from isicbench.report.rendering import ReportRequest
from isicbench.scheduling.execution import execute
from isicbench.scheduling.planning import Request, plan_study, prepare_plan
from isicbench.scheduling.reevaluation import EvaluationRequest, evaluate_each
from isicbench.store.store import Store, open_store
from tests.commands import isicbench

QUICK = Config(dataset="folder", image_size_px=32, epochs=1, batch_size=4, weights="random", validation_share=0.25)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cross")


def write_pair(image: Path, mask: Path, *, number: int) -> None:
    """A bright rectangle on noise that is another one for each number, and the rectangle as its mask."""
    random = np.random.default_rng(number)
    pixels = random.integers(0, 120, (48, 64, 3), np.uint8)
    lesion = np.zeros((48, 64), np.uint8)
    top, left = random.integers(4, 20, 2)
    lesion[top : top + 20, left : left + 30] = 255
    pixels[lesion > 0] += 100
    Image.fromarray(pixels).save(image, quality=95)
    Image.fromarray(lesion).save(mask)


@pytest.fixture(scope="module")
def first(place: Path) -> Path:
    """Eight training and three test pairs in the challenge's layout."""
    root = place / "first"
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True)
    for number in range(11):
        images, masks = (TRAIN_IMAGES, TRAIN_MASKS) if number < 8 else (TEST_IMAGES, TEST_MASKS)
        write_pair(
            root / images / f"ISIC_{number:07d}.jpg",
            root / masks / f"ISIC_{number:07d}_Segmentation.png",
            number=number,
        )
    return root


@pytest.fixture(scope="module")
def second(place: Path, first: Path) -> SplitChoice:
    """Two folders and a table of splits and patients; one training image is a test image of the first dataset."""
    images, masks, table = place / "images", place / "masks", place / "table.csv"
    images.mkdir()
    masks.mkdir()
    rows = ["image,split,patient"]
    for number in range(10):
        split = "train" if number < 8 else "test"
        write_pair(images / f"{split}{number}.jpg", masks / f"{split}{number}_lesion.png", number=100 + number)
        rows.append(f"{split}{number},{split},{split}-patient{number // 2}")
    shutil.copy(first / TEST_IMAGES / "ISIC_0000009.jpg", images / "seen.jpg")
    shutil.copy(first / TEST_MASKS / "ISIC_0000009_Segmentation.png", masks / "seen_lesion.png")
    table.write_text("\n".join([*rows, "seen,train,train-patient9"]))
    return SplitChoice(images=images, masks=masks, split_file=table, group_by="patient")


@dataclass(frozen=True)
class Crossed:
    """What is in the database after everything was scored, and what a report said before."""

    store: Store
    before: str
    """Of A, while nothing but its own test images was scored."""


@pytest.fixture(scope="module")
def crossed(shared_home: Path, place: Path, first: Path, second: SplitChoice) -> Iterator[Crossed]:
    """One experiment on each dataset, the first with two seeds, each tested on the other's test images."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("ISICBENCH_HOME", str(shared_home))
        store = open_store(str(place / "results.db"))
        train(store, name="A", seeds=[0, 1], data_dir=first)
        train(store, name="B", seeds=[0], choice=second)
        before = rendered(store, "markdown", runs=[1, 2])
        evaluate(store, [1, 2, 3], EvaluationRequest(data_dir=first, resolutions=("training",)))
        evaluate(store, [1, 2], EvaluationRequest(dataset="folder", choice=second, resolutions=("training",)))
        yield Crossed(store=store, before=before)
        store.close()


def train(
    store: Store, *, name: str, seeds: list[int], data_dir: Path | None = None, choice: SplitChoice = NO_CHOICE
) -> None:
    axes = {"frozen": [False]}
    request = Request(base=QUICK, axes=axes, seeds=seeds, names=[name], data_dir=data_dir, choice=choice)
    for run_id in store.add_study("test", prepare_plan(plan_study(request)).runs).run_ids:
        run = store.claim(run_id, Owner(host="here", pid=1, process_started=0.0, slot="cpu:0"), log_path="")
        assert run is not None
        ended = execute(store, [run], device=torch.device("cpu"), should_stop=lambda: False)
        assert ended[run_id] == "completed", store.run(run_id).failure


def evaluate(store: Store, run_ids: list[int], request: EvaluationRequest) -> None:
    assert len(list(evaluate_each(store, [store.run(run_id) for run_id in run_ids], request, device="cpu"))) == len(
        run_ids
    )


@pytest.fixture
def store(crossed: Crossed) -> Store:
    return crossed.store


def rendered(store: Store, name: str, *, runs: list[int] | None = None, table: str | None = None) -> str:
    contents = read_contents(store, [store.run(run_id) for run_id in runs or (1, 2, 3)])
    request = ReportRequest(source=store, contents=contents, layout=Layout(table=table), beside=False)
    body = FORMATS[name].render(request).body
    if isinstance(body, str):
        return body
    console = Console(width=160, color_system=None)
    with console.capture() as capture:
        console.print(body)
    return capture.get()


def test_runs_keep_patients_whole_and_say_on_which_images_they_validate(store: Store) -> None:
    [fingerprint] = {run.config.dataset_fingerprint for run in store.runs() if run.experiment == "B"}
    record = store.datasets()[fingerprint]
    assert (record.train_count, record.validation_count, record.test_count) == (7, 2, 2)
    protocols = json.loads(rendered(store, "json"))["protocols"]
    assert "validated on the dataset's 2 validation images" in str(protocols)


def test_table_holds_each_experiment_on_each_dataset_and_marks_own_and_seen(store: Store) -> None:
    of_a, of_b = json.loads(rendered(store, "json"))["tables"]["dice_by_dataset"]
    assert [row["experiment"]["name"] for row in (of_a, of_b)] == ["A", "B"]
    a, b = [key for key in of_a if key.startswith("dice_")]
    assert [cell["mark"] for cell in (of_a[a], of_a[b], of_b[a], of_b[b])] == ["own", "", "1 of 3 seen", "own"]
    own = store.run(1).config.dataset_fingerprint
    for row, runs in ((of_a, [1, 2]), (of_b, [3])):
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


def test_every_format_shows_the_same_scores(store: Store) -> None:
    table = "iou_by_dataset"
    rows = json.loads(rendered(store, "json", table=table))["tables"]["iou_by_dataset"]
    keys = [key for key in rows[0] if key.startswith("iou_")]
    exact = [row[key] for row in rows for key in keys]
    cells = list(csv.DictReader(io.StringIO(rendered(store, "csv", table=table))))
    assert [float(row[key]) for row in cells for key in keys] == [cell["mean"] for cell in exact]
    assert [row[f"{key}_mark"] for row in cells for key in keys] == [cell["mark"] for cell in exact]
    for name, words in (("markdown", None), ("latex", table), ("terminal", None), ("html", None)):
        text = rendered(store, name, table=words)
        numbers = [f"{cell[part]:.3f}" for cell in exact for part in ("mean", "low", "high")]
        assert [number for number in numbers if number not in text] == [], name
        assert "1 of 3 seen" in text, name


def test_page_has_the_section_and_names_what_is_marked(store: Store) -> None:
    page = rendered(store, "html")
    [section] = re.findall(r'<section id="datasets".*?</section>', page, re.S)
    assert section.count('<span class="standing">own</span>') == 4
    assert section.count('<span class="mark">1 of 3 seen</span>') == 2
    assert section.count("<small>") == 8
    assert '<a href="#datasets">Test datasets</a>' in page


def test_table_stands_only_where_there_is_more_than_one_test_dataset(crossed: Crossed) -> None:
    assert "Test datasets" not in crossed.before
    assert "Test datasets" in rendered(crossed.store, "markdown", runs=[1, 2])


def test_test_images_that_were_trained_on_are_counted(store: Store) -> None:
    own = store.run(1).config.dataset_fingerprint
    seen = {
        run_id: [one.seen_in_training for one in found if one.dataset_fingerprint == own and not one.final]
        for run_id, found in store.evaluations([1, 2, 3]).items()
    }
    assert seen == {1: [], 2: [], 3: [1]}


def test_overlap_names_the_test_image_that_the_other_dataset_trains_on(store: Store, first: Path) -> None:
    fingerprint = store.run(3).config.dataset_fingerprint
    one = named_dataset(str(first), database=None)
    recorded = named_dataset(fingerprint[:16], database=str(store.folder.parent / "results.db"))
    found = find_overlap(one, recorded)
    assert [(s.split, s.other_split, s.count, s.total) for s in found.shared] == [("test", "train", 1, 3)]
    [copy] = found.duplicates
    assert (found.by_hashes, copy.same, copy.other.image_id) == (True, "bytes", "seen")
    itself = find_overlap(one, one)
    assert [(s.split, s.other_split, s.count) for s in itself.shared] == [("test", "test", 3), ("train", "train", 8)]


def test_commands_say_what_they_find(store: Store, first: Path) -> None:
    database = str(store.folder.parent / "results.db")
    options = ("--resolution", "training", "--devices", "cpu", "--db", database, "--json")
    done = isicbench("evaluate", 3, "--data-dir", first, *options)
    assert done.returncode == 0, done.stderr
    assert [row["run"] for row in json.loads(done.stdout)] == [3]
    assert "run 3: 1 of 3 test images was in the training images" in re.sub(r"\s+", " ", done.stderr)
    shared = isicbench("data", "overlap", first, store.run(3).config.dataset_fingerprint, "--db", database)
    assert "1 test image of first is a training image of" in re.sub(r"\s+", " ", shared.stdout), shared.stderr
