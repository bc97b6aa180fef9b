"""Hashes of copies are close, those of different images are not, and distances are counts of bits."""

import numpy as np
import pytest
from PIL import Image

from isicbench.data.likeness import SAME_LIKENESS, fine_structure, likeness
from isicbench.data.perceptual_hash import (
    CERTAIN_DISTANCE,
    CHUNK_ROWS,
    ORIENTATIONS,
    close_hashes,
    hamming_distances,
    hash_bits,
    oriented_hashes,
    perceptual_hash,
    turned,
)


def picture(seed: int, *, size: int = 128) -> np.ndarray:
    """Clouds that differ by seed."""
    noise = np.random.default_rng(seed).integers(0, 256, (16, 16, 3), np.uint8)
    return np.asarray(Image.fromarray(noise).resize((size, size), Image.Resampling.BICUBIC))


def distance(left: str, right: str) -> int:
    return int(hamming_distances(hash_bits([left]), hash_bits([right]))[0])


def test_hash_is_sixteen_hex_digits_and_the_same_each_time():
    first = perceptual_hash(picture(1))
    assert len(first) == 16
    assert int(first, 16) >= 0
    assert perceptual_hash(picture(1)) == first


def test_scaled_copy_is_close_and_another_picture_is_not():
    small = np.asarray(Image.fromarray(picture(1)).resize((80, 80), Image.Resampling.BILINEAR))
    assert distance(perceptual_hash(picture(1)), perceptual_hash(small)) <= CERTAIN_DISTANCE
    assert distance(perceptual_hash(picture(1)), perceptual_hash(picture(2))) > 8


def test_constant_image_has_no_hash():
    assert perceptual_hash(np.full((64, 64, 3), 180, np.uint8)) == ""


def test_distance_is_the_count_of_differing_bits():
    bits = hash_bits(["0000000000000000", "ffffffffffffffff", "0000000000000003"])
    assert hamming_distances(bits[:, None], bits[None]).tolist() == [[0, 64, 2], [64, 0, 62], [2, 62, 0]]


@pytest.mark.parametrize("orientation", range(len(ORIENTATIONS)))
def test_each_orientation_is_found_among_the_hashes_of_all(orientation):
    copy = turned(picture(3), orientation)
    assert perceptual_hash(copy) == oriented_hashes(picture(3))[orientation]


def test_orientations_are_eight_different_ones():
    pixels = picture(4)
    assert len({turned(pixels, orientation).tobytes() for orientation in range(len(ORIENTATIONS))}) == 8


def test_close_hashes_gives_every_pair_across_chunks():
    rng = np.random.default_rng(0)
    left = rng.integers(0, 2**63, 2 * CHUNK_ROWS + 5, dtype=np.uint64)
    right = np.stack([left ^ np.uint64(7), ~left], axis=1)
    found = set(close_hashes(left, right, distance=3))
    assert found == {(row, row, 0, 3) for row in range(len(left))}


def test_likeness_tells_a_copy_from_another_picture_under_one_vignette():
    y, x = np.mgrid[-1:1:128j, -1:1:128j]
    vignette = np.clip((1.15 - np.hypot(x, y)) / 0.1, 0, 1)[..., None]
    one, two = ((picture(seed) * vignette).astype(np.uint8) for seed in (5, 6))
    darker = (one * 0.7).astype(np.uint8)
    assert likeness(fine_structure(one), fine_structure(darker)) > SAME_LIKENESS
    assert likeness(fine_structure(one), fine_structure(two)) < SAME_LIKENESS


def test_likeness_of_a_turned_copy_is_highest_in_its_orientation():
    pixels = picture(7)
    fine = fine_structure(pixels)
    for orientation in range(len(ORIENTATIONS)):
        turned_fine = fine_structure(turned(pixels, orientation))
        agreement = [likeness(turned_fine, fine, orientation=other) for other in range(len(ORIENTATIONS))]
        assert int(np.argmax(agreement)) == orientation
        assert agreement[orientation] > 0.99
