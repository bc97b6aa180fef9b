"""Scored images that were trained on are named, each for its strongest reason, and no others."""

from pathlib import Path

import pytest

from isicbench.config import Config
from isicbench.data.catalog import open_dataset
from isicbench.data.contamination import count_seen, seen_images, trained_images, validation_images
from isicbench.data.image_records import describe_images
from isicbench.data.prepare import prepare
from isicbench.data.splits import hold_out
from isicbench.records import DatasetImage

ZERO = "0" * 16
THREE_BITS = "0" * 15 + "7"
TWO_BITS = "0" * 15 + "3"
FAR = "f" * 16


def image(image_id: str, *, sha256: str = "", hashed: str = "", split: str = "train") -> DatasetImage:
    return DatasetImage(image_id=image_id, split=split, image_sha256=sha256, perceptual_hash=hashed)


def test_equal_bytes_count_whatever_the_id():
    seen = seen_images([image("a", sha256="1")], [image("b", sha256="1"), image("c", sha256="2")])
    assert [(one.image.image_id, one.trained.image_id, one.reason) for one in seen] == [("b", "a", "bytes")]


def test_same_archive_id_counts_unless_the_pictures_differ():
    trained = [image("ISIC_0000001", sha256="1", hashed=ZERO)]
    again = image("ISIC_0000001", sha256="2", hashed=THREE_BITS)
    unknown = image("ISIC_0000001", sha256="3")
    another = image("ISIC_0000001", sha256="4", hashed=FAR)
    assert [one.reason for one in seen_images(trained, [again])] == ["id"]
    assert [one.reason for one in seen_images(trained, [unknown])] == ["id"]
    assert seen_images(trained, [another]) == []


def test_same_id_that_is_not_an_archive_id_says_nothing():
    assert seen_images([image("1", sha256="1")], [image("1", sha256="2")]) == []


def test_nearly_equal_hashes_count_up_to_two_bits_and_the_closest_is_named():
    trained = [image("a", hashed=TWO_BITS), image("b", hashed=ZERO)]
    seen = seen_images(trained, [image("c", hashed="0" * 15 + "1"), image("d", hashed=ZERO), image("e", hashed=FAR)])
    assert [(one.image.image_id, one.distance) for one in seen] == [("c", 1), ("d", 0)]
    assert seen[1].trained.image_id == "b"
    assert seen_images(trained[1:], [image("f", hashed=THREE_BITS)]) == []


def test_images_without_hashes_are_not_alike():
    assert seen_images([image("a"), image("b")], [image("c"), image("d")]) == []


def test_count_is_unknown_where_nothing_is_on_record():
    assert count_seen([], [image("a")]) is None
    assert count_seen([image("a")], []) is None
    assert count_seen([image("a", sha256="1")], [image("b", sha256="1")]) == 1


@pytest.mark.parametrize("seed", [0, 5])
def test_held_out_images_are_not_trained_on(seed: int):
    images = [image(f"ISIC_{number:07d}") for number in range(20)] + [image("ISIC_0000099", split="test")]
    config = Config(validation_share=0.25, validation_seed=seed)
    kept, held = hold_out([one.image_id for one in images[:20]], share=0.25, seed=seed)
    assert [one.image_id for one in trained_images(images, config)] == [images[i].image_id for i in kept]
    assert [one.image_id for one in validation_images(images, config)] == [images[i].image_id for i in held]


def test_with_validation_on_test_all_training_images_are_trained_on():
    images = [image("a"), image("b"), image("c", split="test")]
    config = Config(validate_on="test")
    assert trained_images(images, config) == images[:2]
    assert validation_images(images, config) == images[2:]


def test_images_are_described_from_prepared_arrays_once(root: Path, own_home: Path):
    dataset = open_dataset("folder", data_dir=root)
    images = describe_images(dataset, prepare(dataset, size_px=64))
    assert [(one.split, one.image_id) for one in images] == [
        (split, pair.image_id) for split, pairs in dataset.splits for pair in pairs
    ]
    assert all(len(one.image_sha256) == 64 and len(one.perceptual_hash) == 16 for one in images)
    assert len(list((own_home / "hashes").iterdir())) == 1
    assert describe_images(dataset, prepare(dataset, size_px=32)) == images


def test_real_images_of_the_two_splits_are_different_ones(real_sample: Path):
    dataset = open_dataset("folder", data_dir=real_sample)
    images = describe_images(dataset, prepare(dataset, size_px=64))
    by_split = {split: [one for one in images if one.split == split] for split in ("train", "test")}
    assert count_seen(by_split["train"], by_split["test"]) == 0
    assert count_seen(images, by_split["test"]) == 20
