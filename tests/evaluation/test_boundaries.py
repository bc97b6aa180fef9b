"""Boundary figures against definitions written out plainly, pixel by pixel."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from isicbench.evaluation import boundaries
from isicbench.evaluation.boundaries import boundary_iou, boundary_scores, hausdorff95_px

small_masks = st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(
    lambda shape: st.tuples(arrays(np.bool_, shape), arrays(np.bool_, shape))
)


def plainly_eroded(mask, steps):
    """`steps` times: a pixel stays where it and all eight neighbours are set; there is nothing beyond the border."""
    for _ in range(steps):
        padded = np.pad(mask, 1)
        height, width = mask.shape
        mask = np.array([[padded[y : y + 3, x : x + 3].all() for x in range(width)] for y in range(height)], np.bool_)
    return mask


def plain_boundary_iou(predicted, true):
    steps = max(1, round(0.02 * math.hypot(*true.shape)))
    ours, theirs = (mask & ~plainly_eroded(mask, steps) for mask in (predicted, true))
    return (ours & theirs).sum() / (ours | theirs).sum() if (ours | theirs).any() else 1.0


def plain_outline(mask):
    height, width = mask.shape

    def is_inside(y, x):
        return 0 <= y < height and 0 <= x < width and mask[y, x]

    return [
        (y, x)
        for y in range(height)
        for x in range(width)
        if mask[y, x] and not all(is_inside(y + dy, x + dx) for dy, dx in ((0, 1), (1, 0), (0, -1), (-1, 0)))
    ]


def plain_hausdorff95(predicted, true):
    ours, theirs = plain_outline(predicted), plain_outline(true)
    if not ours or not theirs:
        return 0.0 if not ours and not theirs else math.hypot(*true.shape)
    directed = [
        np.percentile([min(math.dist(point, other) for other in others) for point in points], 95)
        for points, others in ((ours, theirs), (theirs, ours))
    ]
    return max(directed)


@settings(max_examples=200, deadline=None)
@given(small_masks)
def test_boundary_iou_is_that_of_eroding_step_by_step(masks):
    assert boundary_iou(*masks) == pytest.approx(plain_boundary_iou(*masks), abs=1e-12)


@settings(max_examples=200, deadline=None)
@given(small_masks)
def test_hausdorff_distance_is_that_of_every_pair_of_outline_pixels(masks):
    assert hausdorff95_px(*masks) == pytest.approx(plain_hausdorff95(*masks), abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_bands_of_several_pixels_agree_with_step_by_step_erosion(seed):
    """At 150x120 the band is 4 pixels wide."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:120, :150]
    masks = [((y - random.uniform(0, 120)) / 50) ** 2 + ((x - random.uniform(0, 150)) / 40) ** 2 < 1 for _ in range(2)]
    assert boundary_iou(*masks) == pytest.approx(plain_boundary_iou(*masks), abs=1e-12)
    assert hausdorff95_px(*masks) == pytest.approx(plain_hausdorff95(*masks), abs=1e-9)


def test_frayed_masks_get_the_same_distance_from_the_grid_as_from_the_tree(monkeypatch):
    random = np.random.default_rng(0)
    masks = random.random((60, 80)) < 0.4, random.random((60, 80)) < 0.02
    by_tree = hausdorff95_px(*masks)
    monkeypatch.setattr(boundaries, "MANY_POINTS", 0)
    assert hausdorff95_px(*masks) == pytest.approx(by_tree, abs=1e-9)
    assert by_tree > 0


def test_empty_masks_follow_the_stated_rules():
    empty, full = np.zeros((30, 40), np.bool_), np.ones((30, 40), np.bool_)
    assert (boundary_iou(empty, empty), hausdorff95_px(empty, empty)) == (1.0, 0.0)
    for pair in ((empty, full), (full, empty)):
        assert (boundary_iou(*pair), hausdorff95_px(*pair)) == (0.0, 50.0)


def test_image_border_counts_as_outline():
    full = np.ones((100, 100), np.bool_)
    cut = full.copy()
    cut[:, 50:] = False
    assert 0 < boundary_iou(cut, full) < 1
    assert hausdorff95_px(cut, full) > 40


def test_large_outline_does_not_drown_a_small_ones_distance():
    """Pooled over both directions the far speck would vanish under the long outline; the larger direction shows it."""
    true = np.zeros((200, 200), np.bool_)
    true[50:150, 50:150] = True
    predicted = np.zeros_like(true)
    predicted[60:64, 60:64] = True
    assert hausdorff95_px(predicted, true) > 80


def test_many_pairs_give_one_entry_each():
    random = np.random.default_rng(0)
    predicted, true = random.random((5, 12, 12)) < 0.5, random.random((5, 12, 12)) < 0.5
    scores = boundary_scores(zip(predicted, true, strict=True))
    assert scores.boundary_iou.tolist() == [boundary_iou(p, t) for p, t in zip(predicted, true, strict=True)]
    assert scores.hausdorff95_px.tolist() == [hausdorff95_px(p, t) for p, t in zip(predicted, true, strict=True)]
