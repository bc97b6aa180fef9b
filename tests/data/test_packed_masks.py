"""Masks at the files' own size in the prepared arrays."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from isicbench.data.dataset import Dataset
from isicbench.data.images import read_full_mask
from isicbench.data.layout import TEST_MASKS
from isicbench.data.packed_masks import pack_mask, unpack_mask
from isicbench.data.prepare import load_prepared, prepare
from isicbench.errors import DataError


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (7, 8), (13, 17), (64, 64)])
def test_every_size_comes_back_as_it_was(shape: tuple[int, int]) -> None:
    mask = np.random.default_rng(0).random(shape) < 0.5
    unpacked = unpack_mask(pack_mask(mask), width=shape[1], height=shape[0])
    assert unpacked.dtype == np.bool_
    assert np.array_equal(unpacked, mask)


def test_prepared_masks_equal_the_files(dataset: Dataset) -> None:
    prepared = prepare(dataset, size_px=32)
    for split, pairs in ((prepared.train, dataset.train), (prepared.test, dataset.test)):
        assert len(split.original_masks) == len(pairs)
        for place, pair in enumerate(pairs):
            assert np.array_equal(split.original_masks.read(place), read_full_mask(pair.mask))


def test_masks_are_read_without_the_datasets_folder(dataset: Dataset) -> None:
    expected = read_full_mask(dataset.test[1].mask)
    fingerprint = prepare(dataset, size_px=32).fingerprint
    for pair in (*dataset.train, *dataset.test):
        pair.mask.unlink()
    assert np.array_equal(load_prepared(fingerprint, size_px=32).test.original_masks.read(1), expected)


def test_masks_of_differing_sizes_lie_in_one_file(dataset: Dataset, root: Path) -> None:
    wide = np.zeros((31, 45), np.uint8)
    wide[3:9, 40:45] = 255
    Image.fromarray(wide).save(root / TEST_MASKS / "ISIC_0000004_Segmentation.png")
    Image.new("RGB", (45, 31)).save(dataset.test[0].image)
    masks = prepare(dataset, size_px=32).test.original_masks
    assert np.array_equal(masks.read(0), wide > 0)
    assert masks.read(1).shape == (72, 96)


def test_file_cut_short_is_made_anew(dataset: Dataset, own_home: Path) -> None:
    expected = prepare(dataset, size_px=32).test.original_masks.read(1)
    (cache,) = (own_home / "prepared").iterdir()
    file = cache / "test_original_masks.bin"
    file.write_bytes(file.read_bytes()[:-1])
    assert np.array_equal(prepare(dataset, size_px=32).test.original_masks.read(1), expected)


def test_flipped_bits_are_an_error_and_never_a_wrong_mask(dataset: Dataset, own_home: Path) -> None:
    fingerprint = prepare(dataset, size_px=32).fingerprint
    (cache,) = (own_home / "prepared").iterdir()
    file = cache / "test_original_masks.bin"
    content = bytearray(file.read_bytes())
    content[len(content) // 2 + 12] ^= 0xFF
    file.write_bytes(bytes(content))
    masks = load_prepared(fingerprint, size_px=32).test.original_masks
    with pytest.raises(DataError, match="is damaged at mask") as caught:
        [masks.read(place) for place in range(len(masks))]
    assert "isicbench data prepare" in caught.value.hint
