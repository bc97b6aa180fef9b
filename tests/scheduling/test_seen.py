"""Before a training it is said which images it will see again in its scores."""

import shutil
from pathlib import Path

import pytest

from isicbench.config import Config
from isicbench.data.contamination import count_seen, trained_images
from isicbench.data.layout import TEST_IMAGES, TEST_MASKS, TRAIN_IMAGES, TRAIN_MASKS
from isicbench.data.splits import hold_out
from isicbench.scheduling.planning import Plan, Request, plan_study, prepare_plan
from isicbench.scheduling.seen import seen_warnings
from isicbench.store.store import open_store
from tests.commands import isicbench

COPY = "ISIC_0000042"


@pytest.fixture
def folder(tiny_dataset: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_dataset, tmp_path / "pairs"))


def sources(folder: Path) -> tuple[str, str]:
    """An id that the default split trains on, and one that it holds out."""
    ids = sorted(path.stem for path in (folder / TRAIN_IMAGES).iterdir())
    kept, held = hold_out(ids, share=0.25, seed=0)
    return ids[kept[0]], ids[held[0]]


def copy_into(folder: Path, source: str, *, split: str, name: str = COPY) -> None:
    images, masks = (TRAIN_IMAGES, TRAIN_MASKS) if split == "train" else (TEST_IMAGES, TEST_MASKS)
    shutil.copy(folder / TRAIN_IMAGES / f"{source}.jpg", folder / images / f"{name}.jpg")
    shutil.copy(folder / TRAIN_MASKS / f"{source}_Segmentation.png", folder / masks / f"{name}_Segmentation.png")


def plan(folder: Path, **settings: object) -> Plan:
    base = Config(dataset="folder", weights="random", image_size_px=64, validation_share=0.25, **settings)  # type: ignore[arg-type]
    request = Request(base=base, axes={"frozen": [True], "learning_rate": [1e-3]}, seeds=[0], data_dir=folder)
    return prepare_plan(plan_study(request))


def seen_in_test(planned: Plan) -> int | None:
    images = planned.record.images
    test = [image for image in images if image.split == "test"]
    return count_seen(trained_images(images, planned.runs[0].config), test)


def test_clean_folder_gives_no_warning_and_a_count_of_zero(folder: Path) -> None:
    planned = plan(folder)
    assert seen_warnings(planned) == []
    assert seen_in_test(planned) == 0
    assert count_seen((), planned.record.images) is None


def test_copy_of_a_trained_image_in_test_is_named(folder: Path) -> None:
    trained, _ = sources(folder)
    copy_into(folder, trained, split="test")
    planned = plan(folder)
    (warning,) = seen_warnings(planned)
    assert warning.startswith(f"1 of 5 test images are trained on as well: {COPY} as {trained} (same bytes)")
    assert seen_in_test(planned) == 1


def test_copy_of_a_held_out_image_in_test_was_not_trained_on(folder: Path) -> None:
    _, held_out = sources(folder)
    copy_into(folder, held_out, split="test")
    assert seen_warnings(plan(folder)) == []
    assert len(seen_warnings(plan(folder, validate_on="test"))) == 1


def test_plan_without_arrays_knows_no_images_and_every_run_of_a_prepared_one_does(folder: Path) -> None:
    base = Config(dataset="folder", weights="random", image_size_px=64)
    request = Request(base=base, axes={"image_size_px": [96, 64]}, seeds=[0], data_dir=folder)
    planned = plan_study(request)
    assert planned.record.images == ()
    prepared = prepare_plan(planned)
    assert len(prepared.record.images) == 16
    assert {run.dataset for run in prepared.runs} == {prepared.record}
    assert [run.config for run in prepared.runs] == [run.config for run in planned.runs]


def test_run_warns_on_screen_and_records_the_images(folder: Path) -> None:
    trained, _ = sources(folder)
    copy_into(folder, trained, split="test")
    options = ("--dataset", "folder", "--data-dir", folder, "--weights", "random", "--size", 64, "--epochs", 1)
    done = isicbench("run", *options, "--frozen", "--validation-share", 0.25, "--devices", "cpu", COLUMNS="400")
    assert done.returncode == 0, done.stderr
    assert f"Warning: 1 of 5 test images are trained on as well: {COPY}" in done.stderr
    store = open_store("results.db", create=False)
    (fingerprint,) = store.datasets()
    assert len(store.dataset_images(fingerprint)) == 17
