"""A fingerprint stands for bytes, ids and splits, and for nothing else."""

import os
import shutil
from pathlib import Path

import pytest

from isicbench.data.catalog import open_dataset
from isicbench.data.dataset import Dataset
from isicbench.data.fingerprint import fingerprint
from isicbench.data.layout import TEST_IMAGES, TEST_MASKS, TRAIN_IMAGES, TRAIN_MASKS


def open_folder(root: Path) -> Dataset:
    return open_dataset("folder", data_dir=root)


def age(root: Path) -> None:
    """As if the files had been written long ago, so that their hashes are kept."""
    for path in root.rglob("*.*"):
        os.utime(path, (1_700_000_000, 1_700_000_000))


def test_copy_in_another_place_has_the_same_fingerprint(root: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(root, tmp_path / "elsewhere"))
    assert fingerprint(open_folder(copy)) == fingerprint(open_folder(root))


def test_moving_a_pair_to_the_other_split_changes_it(root: Path) -> None:
    before = fingerprint(open_folder(root))
    (root / TRAIN_IMAGES / "ISIC_0000003.jpg").rename(root / TEST_IMAGES / "ISIC_0000003.jpg")
    (root / TRAIN_MASKS / "ISIC_0000003_Segmentation.png").rename(root / TEST_MASKS / "ISIC_0000003_Segmentation.png")
    assert fingerprint(open_folder(root)) != before


def test_changed_mask_changes_it_although_hashes_are_kept(root: Path) -> None:
    age(root)
    before = fingerprint(open_folder(root))
    mask = root / TRAIN_MASKS / "ISIC_0000000_Segmentation.png"
    content = bytearray(mask.read_bytes())
    content[-1] ^= 1
    mask.write_bytes(content)
    assert fingerprint(open_folder(root)) != before


def test_kept_hashes_spare_reading_the_files(root: Path) -> None:
    age(root)
    before = fingerprint(open_folder(root))
    hashed: list[int] = []
    assert fingerprint(open_folder(root), progress=lambda what, done, total: hashed.append(done)) == before
    assert hashed == []


def test_hash_of_a_file_written_just_now_is_not_kept(root: Path) -> None:
    fingerprint(open_folder(root))
    hashed: list[int] = []
    fingerprint(open_folder(root), progress=lambda what, done, total: hashed.append(done))
    assert len(hashed) == 12


@pytest.mark.parametrize("content", ["", "[1]", "{}", '[["a", 1, 2]]', "\x00"])
def test_damaged_record_of_hashes_is_written_anew(root: Path, own_home: Path, content: str) -> None:
    age(root)
    before = fingerprint(open_folder(root))
    (kept,) = (own_home / "fingerprints").iterdir()
    kept.write_text(content)
    assert fingerprint(open_folder(root)) == before
    assert len(kept.read_text()) > 100
