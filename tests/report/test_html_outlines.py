"""Masks become paths that hold the same pixels."""

import re

import numpy as np
import pytest

from isicbench.report.html.outlines import MOST_EDGES, outline


def filled(path: str, *, shape: tuple[int, int]) -> np.ndarray:
    """The pixels within the path by the even-odd rule: those that an odd number of upright edges lie left of."""
    crossings = np.zeros((shape[0], shape[1] + 1), int)
    for loop in filter(None, path.split("z")):
        x, y = map(int, re.match(r"M(\d+) (\d+)", loop).groups())
        start = x, y
        for name, length in re.findall(r"([hv])(-?\d+)", loop):
            ahead = int(length)
            if name == "v":
                crossings[min(y, y + ahead) : max(y, y + ahead), x] += 1
            x, y = (x + ahead, y) if name == "h" else (x, y + ahead)
        if y != start[1]:
            crossings[min(y, start[1]) : max(y, start[1]), x] += 1
    return crossings.cumsum(axis=1)[:, :-1] % 2 == 1


@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
@pytest.mark.parametrize("seed", range(4))
def test_path_of_any_mask_holds_its_pixels(share, seed):
    mask = np.random.default_rng(seed).random((23, 31)) < share
    np.testing.assert_array_equal(filled(outline(mask), shape=mask.shape), mask)


def test_path_has_a_hole_where_the_mask_has_one_and_reaches_the_edges():
    mask = np.ones((9, 12), bool)
    mask[3:5, 4:9] = False
    assert outline(mask).count("z") == 2
    np.testing.assert_array_equal(filled(outline(mask), shape=mask.shape), mask)


def test_empty_mask_has_no_path():
    assert outline(np.zeros((5, 5), bool)) == ""


def test_straight_edges_are_one_step():
    mask = np.zeros((10, 10), bool)
    mask[2:5, 3:8] = True
    assert outline(mask) == "M3 2h5v3h-5z"


def test_path_of_noise_is_bounded():
    noise = np.random.default_rng(0).random((256, 256)) < 0.5
    path = outline(noise)
    assert len(path) < 5 * MOST_EDGES
    coarse = filled(path, shape=noise.shape)
    step = next(step for step in (2, 4, 8) if (coarse[::step, ::step] == noise[::step, ::step]).all())
    np.testing.assert_array_equal(coarse, np.repeat(np.repeat(noise[::step, ::step], step, 0), step, 1))
