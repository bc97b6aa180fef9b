"""Experiments trained on one dataset and tested on others, end to end: runs, evaluations, the report's tables."""

import csv
import io
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from rich.console import Console

from isicbench.cli.auditing import named_dataset
from isicbench.config import Config
from isicbench.data.catalog import NO_CHOICE
from isicbench.data.layout import TEST_IMAGES, TEST_MASKS, TRAIN_IMAGES, TRAIN_MASKS
from isicbench.data.overlap import find_overlap
from isicbench.data.split_choice import SplitChoice
from isicbench.data.synthetic import write_synthetic
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


@dataclass(frozen=True)
class Crossed:
    """What is in the database after everything was scored, and what a report said before."""

    store: Store
    before: str
    """Of A, while nothing but its own test images was scored."""
    choice: SplitChoice


@pytest.fixture(scope="module")
def crossed(shared_home: Path, place: Path, challenge_like: Path, plain: tuple[Path, Path, Path]) -> Iterator[Crossed]:
    """One experiment on each dataset, the first with two seeds, each tested on the other's test images."""
    images, masks, table = plain
    choice = SplitChoice(images=images, masks=masks, split_file=table, group_by="patient")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("ISICBENCH_HOME", str(shared_home))
        store = open_store(str(place / "results.db"))
        train(store, name="A", seeds=[0, 1], data_dir=challenge_like)
        train(store, name="B", seeds=[0], choice=choice)
        before = rendered(store, "markdown", runs=[1, 2])
        evaluate(store, [1, 2, 3], EvaluationRequest(data_dir=challenge_like, resolutions=("training",)))
        evaluate(store, [1, 2], EvaluationRequest(dataset="folder", choice=choice, resolutions=("training",)))
        yield Crossed(store=store, before=before, choice=choice)
        store.close()


def train(
    store: Store, *, name: str, seeds: list[int], data_dir: Path | None = None, choice: SplitChoice = NO_CHOICE
) -> None:
    axes = {"frozen": [True]}
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
    first, second = json.loads(rendered(store, "json"))["tables"]["dice_by_dataset"]
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


def test_overlap_names_the_test_image_that_the_other_dataset_trains_on(store: Store, challenge_like: Path) -> None:
    fingerprint = store.run(3).config.dataset_fingerprint
    one = named_dataset(str(challenge_like), database=None)
    recorded = named_dataset(fingerprint[:16], database=str(store.folder.parent / "results.db"))
    found = find_overlap(one, recorded)
    assert [(s.split, s.other_split, s.count, s.total) for s in found.shared] == [("test", "train", 1, 3)]
    [copy] = found.duplicates
    assert (found.by_hashes, copy.same, copy.other.image_id) == (True, "bytes", "seen")
    drawn = find_overlap(one, named_dataset(str(challenge_like.parent / "drawn"), database=None))
    assert (drawn.by_hashes, {copy.same for copy in drawn.duplicates}, len(drawn.duplicates)) == (False, {"id"}, 10)


def test_commands_say_what_they_find(store: Store, challenge_like: Path) -> None:
    database = str(store.folder.parent / "results.db")
    options = ("--resolution", "training", "--devices", "cpu", "--db", database, "--json")
    done = isicbench("evaluate", 3, "--data-dir", challenge_like, *options)
    assert done.returncode == 0, done.stderr
    assert [row["run"] for row in json.loads(done.stdout)] == [3]
    assert "run 3: 1 of 3 test images was in the training images" in re.sub(r"\s+", " ", done.stderr)
    shared = isicbench("data", "overlap", challenge_like, store.run(3).config.dataset_fingerprint, "--db", database)
    assert "1 test image of first is a training image of" in re.sub(r"\s+", " ", shared.stdout), shared.stderr
