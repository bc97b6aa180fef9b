"""How well the outline of a predicted mask follows the true one. Masks are `(H, W)` bool and of one shape."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from scipy.spatial import cKDTree

Mask = NDArray[np.bool_]
Scores = NDArray[np.float64]

BAND_SHARE_OF_DIAGONAL = 0.02
"""Width of the bands of Boundary IoU, as its authors chose it."""
PERCENTILE = 95
MANY_POINTS = 300_000
"""Outlines of a frayed mask, not of a lesion: for as many points a tree is slower than a transform of the grid."""


@dataclass(frozen=True, slots=True)
class BoundaryScores:
    """One entry an image: `(N,)` float64 each."""

    boundary_iou: Scores
    hausdorff95_px: Scores


def boundary_scores(pairs: Iterable[tuple[Mask, Mask]]) -> BoundaryScores:
    """Of each pair of a predicted and a true mask; two `(N, H, W)` bool arrays go in as `zip(predicted, true)`."""
    rows = [(boundary_iou(predicted, true), hausdorff95_px(predicted, true)) for predicted, true in pairs]
    return BoundaryScores(*np.array(rows, np.float64).reshape(-1, 2).T)


def boundary_iou(predicted: Mask, true: Mask) -> float:
    """IoU of two bands: of each mask, its pixels within a distance d of its outline.

    Cheng et al., CVPR 2021, arXiv:2103.16562: a band is the mask without its erosion by d steps of a 3x3 square, with
    d = 2 % of the image's diagonal, rounded, at least 1 pixel; the image's border counts as outline, as in the authors'
    code. Both masks empty: 1. One empty: 0.
    """
    width = max(1, round(BAND_SHARE_OF_DIAGONAL * diagonal_px(true)))
    ours, theirs = (_band(mask, width) for mask in _cropped(predicted, true))
    either = int(np.count_nonzero(ours | theirs))
    return int(np.count_nonzero(ours & theirs)) / either if either else 1.0


def hausdorff95_px(predicted: Mask, true: Mask) -> float:
    """The larger of the two directed 95th percentiles of distances between outlines, in pixels.

    A directed distance is that of an outline's pixel to the nearest pixel of the other outline. As in Metrics Reloaded
    (Maier-Hein et al. 2024, Nature Methods 21): a percentile for each direction, interpolated linearly, then the
    larger one. MedPy's `hd95` pools the distances of both directions and takes one percentile, in which the longer
    outline drowns the other's errors. Outline: mask pixels with a 4-neighbour outside of the mask or of the image.
    Both masks empty: 0. One empty: the image's diagonal, a finite penalty, so that no image drops out of a mean.
    """
    ours, theirs = (_Outline.of(mask) for mask in _cropped(predicted, true))
    empty = not len(ours.points), not len(theirs.points)
    if any(empty):
        return 0.0 if all(empty) else diagonal_px(true)
    return max(_directed_percentile(ours, theirs), _directed_percentile(theirs, ours))


def diagonal_px(mask: Mask) -> float:
    """Length of the image's diagonal."""
    return math.hypot(*mask.shape)


def _cropped(predicted: Mask, true: Mask) -> tuple[Mask, Mask]:
    """Both masks within the smallest box that holds both. Nothing outside of it is foreground in either."""
    rows = np.flatnonzero(predicted.any(axis=1) | true.any(axis=1))
    columns = np.flatnonzero(predicted.any(axis=0) | true.any(axis=0))
    if not len(rows):
        return predicted[:0, :0], true[:0, :0]
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    return predicted[box], true[box]


def _band(mask: Mask, width: int) -> Mask:
    """Mask pixels that `width` steps of erosion remove; the steps' 3x3 squares together are one of `2 width + 1`."""
    side = 2 * width + 1
    if side > min(mask.shape):  # such a square reaches beyond the crop, where background is, wherever it stands
        return mask
    inner = _all_of(side, _all_of(side, mask).T).T
    band = mask.copy()
    band[width:-width, width:-width] &= ~inner
    return band


def _all_of(count: int, rows: Mask) -> Mask:
    """`(H - count + 1, W)`: whether `count` rows from each on all hold. The window is doubled until it is that long."""
    size = 1
    while 2 * size <= count:
        rows, size = rows[:-size] & rows[size:], 2 * size
    return rows[: len(rows) - (count - size)] & rows[count - size :]


@dataclass(frozen=True, slots=True)
class _Outline:
    grid: Mask
    points: NDArray[np.int64]
    """(K, 2) rows and columns."""

    @classmethod
    def of(cls, mask: Mask) -> "_Outline":
        padded = np.pad(mask, 1)
        inside = padded[:-2, 1:-1] & padded[2:, 1:-1]
        inside &= padded[1:-1, :-2]
        inside &= padded[1:-1, 2:]
        grid = mask & ~inside
        return cls(grid, np.column_stack(np.divmod(np.flatnonzero(grid), max(1, grid.shape[1]))))


def _directed_percentile(outline: _Outline, other: _Outline) -> float:
    if len(outline.points) + len(other.points) > MANY_POINTS:
        distances = _distances_on_grid(outline.points, other.grid)
    else:
        distances, _ = cKDTree(other.points).query(outline.points)
    return float(np.percentile(distances, PERCENTILE))


def _distances_on_grid(points: NDArray[np.int64], other: Mask) -> Scores:
    """The same distances by a transform of the whole grid, whose cost does not grow with the number of points."""
    nearest = distance_transform_edt(~other, return_distances=False, return_indices=True)
    rows, columns = points.T
    offsets = nearest[:, rows, columns] - points.T
    squares: Scores = (offsets.astype(np.float64) ** 2).sum(axis=0)
    return np.sqrt(squares)
