"""Folders of any names, split by a share or a table, with the images of a patient or lesion in one split."""

from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from isicbench.config import Config
from isicbench.data.catalog import open_dataset
from isicbench.data.contamination import scored_images, trained_images, validation_images
from isicbench.data.dataset import Dataset
from isicbench.data.fingerprint import fingerprint
from isicbench.data.image_records import describe_images
from isicbench.data.prepare import load_prepared, prepare
from isicbench.data.split_choice import SplitChoice
from isicbench.data.splits import hold_out
from isicbench.errors import ConfigError, DataError
from isicbench.scheduling.planning import Request, plan_study

IMAGES = 24
GROUP_SIZE = 3


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """24 images and their masks under other names and suffixes, three of each patient."""
    images, masks = tmp_path / "pictures", tmp_path / "outlines"
    images.mkdir()
    masks.mkdir()
    for number in range(IMAGES):
        random = np.random.default_rng(number)
        pixels = random.integers(0, 255, (6, 8, 3), np.uint8)
        Image.fromarray(pixels).save(images / f"case {number}{'.tif' if number % 2 else '.png'}")
        Image.fromarray(np.eye(6, 8, dtype=np.uint8) * 255).save(masks / f"case {number}-mask.bmp")
    return images, masks


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """File names in one column, patients in another; with semicolons, as many spreadsheets write them."""
    rows = [f"case {number}.png;P{number // GROUP_SIZE};x" for number in range(IMAGES)]
    path = tmp_path / "patients.csv"
    path.write_text("\n".join(["Image;patient;note", *rows]))
    return path


def opened(folders: tuple[Path, Path], *, share: float | None = 0.1, **choice) -> Dataset:
    images, masks = folders
    return open_dataset("folder", choice=SplitChoice(images=images, masks=masks, **choice), validation_share=share)


def ids(dataset: Dataset) -> dict[str, list[str]]:
    return {name: [pair.image_id for pair in pairs] for name, pairs in dataset.splits}


def patients(dataset: Dataset) -> list[set[int]]:
    return [{int(image_id.split()[1]) // GROUP_SIZE for image_id in part} for part in ids(dataset).values()]


def test_any_names_pair_and_split_the_same_way_each_time(folders):
    dataset = opened(folders)
    assert [len(part) for part in ids(dataset).values()] == [19, 5]
    assert all(pair.mask.stem == f"{pair.image_id}-mask" for pair in dataset.test)
    assert opened(folders) == dataset
    assert ids(opened(folders, test_share=0.5))["test"] != ids(dataset)["test"]
    assert ids(opened(folders, test_share=1.0)) == {
        "train": [],
        "test": sorted(ids(dataset)["train"] + ids(dataset)["test"]),
    }


def test_patients_are_in_one_split_each_validation_included(folders, table):
    dataset = opened(folders, test_share=0.25, group_by=f"{table}:patient")
    assert [len(part) for part in ids(dataset).values()] == [15, 3, 6]
    parts = patients(dataset)
    assert sum(map(len, parts)) == len(set.union(*parts)) == IMAGES // GROUP_SIZE
    assert opened(folders, test_share=0.25, group_by=f"{table}:patient") == dataset
    without = opened(folders, share=None, test_share=0.25, group_by=f"{table}:patient")
    assert ids(without)["test"] == ids(dataset)["test"]
    assert "validation" not in ids(without)


@pytest.mark.parametrize("share", [0.05, 0.1, 0.3, 0.5, 0.9])
def test_groups_of_any_size_stay_whole_and_the_share_holds_to_within_a_group(share):
    random = np.random.default_rng(3)
    groups = {f"i{number}": f"g{random.integers(0, 40)}" for number in range(300)}
    names = list(groups)
    train, held = hold_out(names, share=share, seed=0, groups=groups)
    assert sorted([*train, *held]) == list(range(300))
    assert not {groups[names[i]] for i in train} & {groups[names[i]] for i in held}
    sizes = defaultdict(int)
    for group in groups.values():
        sizes[group] += 1
    assert abs(len(held) - share * 300) <= max(sizes.values())
    again = hold_out(names[::-1], share=share, seed=0, groups=groups)[1]
    assert {names[::-1][i] for i in again} == {names[i] for i in held}


def test_split_file_says_which_image_is_where(folders, table):
    rows = ["image_id,split,lesion"]
    for number in range(IMAGES):
        split = "test" if number < 6 else "val" if number < 9 else "train"
        rows.append(f"case {number},{split},L{number // GROUP_SIZE}")
    table.write_text("\n".join(rows))
    dataset = opened(folders, split_file=table, group_by="lesion")
    assert [len(part) for part in ids(dataset).values()] == [15, 3, 6]
    assert not dataset.chosen_validation
    table.write_text("\n".join(rows).replace("case 5,test", "case 5,train"))
    with pytest.raises(DataError, match=r"1 groups have images in two splits: L1 \(train and test\)"):
        opened(folders, split_file=table, group_by="lesion")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("image,split\ncase 0,test", "has no split for 23 images: case 1, case 10"),
        ("image,part\ncase 0,test", "has no column split"),
        ("picture,split\ncase 0,test", "has no column of image ids"),
        ("image,split", "has no rows"),
        ("image,split\n" + "\n".join(f"case {n},spare" for n in range(IMAGES)), "has the split 'spare'"),
        ("image,split\n" + "\n".join(f"case {n},train" for n in range(IMAGES)), "names no test images"),
        ("image,split\ncase 0,test\ncase 0,train", "case 0 has two rows"),
    ],
)
def test_split_file_that_does_not_fit_is_told(folders, table, text, message):
    table.write_text(text)
    with pytest.raises(DataError, match=message):
        opened(folders, split_file=table)


def test_files_that_do_not_pair_are_named(folders):
    images, masks = folders
    (masks / "case 3-mask.bmp").rename(masks / "case 99-mask.bmp")
    (images / "case 4.jpg").write_bytes((images / "case 4.png").read_bytes())
    (masks / "case 5.png").write_bytes((masks / "case 5-mask.bmp").read_bytes())
    with pytest.raises(DataError, match="do not pair") as caught:
        opened(folders)
    for fault in ("case 99-mask.bmp is a mask without", "case 3.tif is an image without", "two images", "two masks"):
        assert fault in caught.value.message


@pytest.mark.parametrize(
    ("choice", "error", "message"),
    [
        ({"group_by": "patient"}, ConfigError, "in which table"),
        ({"group_by": "nowhere.csv:patient"}, DataError, "nowhere.csv cannot be read"),
        ({"test_share": 1.5}, ConfigError, "above 0, up to 1"),
        ({"test_share": 0.2, "split_file": Path("x.csv")}, ConfigError, "both say which"),
        ({"masks": None}, ConfigError, "name one dataset together"),
        ({"masks": Path("nowhere")}, DataError, "no such folder"),
    ],
)
def test_choice_that_cannot_be_is_one_error(folders, choice, error, message):
    images, masks = folders
    with pytest.raises(error, match=message):
        open_dataset("folder", choice=SplitChoice(**({"images": images, "masks": masks} | choice)))


def test_prepared_arrays_keep_the_validation_split_and_records_know_it(folders, table):
    dataset = opened(folders, test_share=0.25, group_by=f"{table}:patient")
    prepared = prepare(dataset, size_px=32)
    assert load_prepared(prepared.fingerprint, size_px=32).validation.image_ids == tuple(ids(dataset)["validation"])
    assert prepared.fingerprint != fingerprint(opened(folders, test_share=0.25))
    images = describe_images(dataset, prepared)
    config = Config(dataset="folder", dataset_fingerprint=prepared.fingerprint)
    assert [image.image_id for image in trained_images(images, config)] == ids(dataset)["train"]
    assert [image.image_id for image in validation_images(images, config)] == ids(dataset)["validation"]


def test_folds_leave_the_images_that_a_dataset_brings_for_validation_alone(folders, table):
    dataset = opened(folders, test_share=0.25, group_by=f"{table}:patient")
    images = describe_images(dataset, prepare(dataset, size_px=32))
    folds = [Config(dataset="folder", folds=3, fold=fold) for fold in (1, 2, 3)]
    scored = [{image.image_id for image in scored_images(images, config)} for config in folds]
    assert set.union(*scored) == set(ids(dataset)["train"])
    for config, part in zip(folds, scored, strict=True):
        assert {image.image_id for image in trained_images(images, config)} == set(ids(dataset)["train"]) - part
        assert [image.image_id for image in validation_images(images, config)] == ids(dataset)["validation"]


def test_folds_of_single_images_are_refused_where_images_belong_together(folders, table):
    images, masks = folders
    choice = SplitChoice(images=images, masks=masks, group_by=f"{table}:patient")
    base = Config(dataset="folder", weights="random", folds=3, fold=1)
    with pytest.raises(ConfigError, match="would tear the groups of folder apart"):
        plan_study(Request(base=base, axes={}, seeds=[0], choice=choice))


def test_dataset_without_training_images_is_prepared(folders):
    prepared = prepare(opened(folders, test_share=1.0), size_px=32)
    assert (len(prepared.train.image_ids), len(prepared.test.image_ids)) == (0, IMAGES)


def test_groups_hold_in_the_challenges_layout_too(root, table):
    table.write_text("image,lesion\n" + "\n".join(f"ISIC_{n:07d},L{n // 2}" for n in range(6)))
    dataset = open_dataset(
        "folder", data_dir=root, choice=SplitChoice(group_by=f"{table}:lesion"), validation_share=0.5
    )
    assert [len(part) for part in ids(dataset).values()] == [2, 2, 2]
    table.write_text("image,lesion\n" + "\n".join(f"ISIC_{n:07d},L{n // 5}" for n in range(6)))
    with pytest.raises(DataError, match="in two splits: L0"):
        open_dataset("folder", data_dir=root, choice=SplitChoice(group_by=f"{table}:lesion"))
