"""From a network's probabilities to a mask at the image's own size, without the array of probabilities in between."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Mask = NDArray[np.bool_]
Probabilities = NDArray[np.float32]


def upsampled_mask(probabilities: Probabilities, *, width: int, height: int, threshold: float) -> Mask:
    """`(H, W)` bool: `(h, w)` probabilities upsampled bilinearly (align_corners=False), then above the threshold.

    Equal, pixel by pixel, to Pillow's bilinear resize of a picture of floats followed by the comparison. An upsampled
    value lies between those that it is made of, so it is computed only where one of them is above the threshold and
    the other is not. Where an image is smaller than the network's input, Pillow resizes with antialiasing.
    """
    rows, columns = probabilities.shape
    if height < rows or width < columns:
        resized = Image.fromarray(probabilities).resize((width, height), Image.Resampling.BILINEAR)
        return np.asarray(resized) > threshold
    stretched = _stretched(probabilities, width)
    return _stretched_down(stretched, height, threshold)


@dataclass(frozen=True, slots=True)
class _Taps:
    """For each place of the longer axis, the two places of the shorter one that it lies between, and their weights."""

    before: NDArray[np.int64]
    after: NDArray[np.int64]
    weight_before: NDArray[np.float64]
    weight_after: NDArray[np.float64]

    @classmethod
    def of(cls, length: int, longer: int) -> "_Taps":
        centre = (np.arange(longer) + 0.5) * (length / longer)
        before = np.floor(centre - 0.5).astype(np.int64)
        after = before + 1
        weights = [1.0 - np.abs(place + 0.5 - centre) for place in (before, after)]
        # Beyond the outermost centres only one place is left, which then counts in full.
        weights = [np.where(ok, w, 0.0) for w, ok in zip(weights, (before >= 0, after < length), strict=True)]
        total = weights[0] + weights[1]
        return cls(before.clip(0), after.clip(max=length - 1), weights[0] / total, weights[1] / total)


def _stretched(probabilities: Probabilities, width: int) -> Probabilities:
    """`(h, width)`: upsampled along the rows; sums in double precision, as Pillow does."""
    taps = _Taps.of(probabilities.shape[1], width)
    sums = probabilities[:, taps.before] * taps.weight_before + probabilities[:, taps.after] * taps.weight_after
    return sums.astype(np.float32)


def _stretched_down(stretched: Probabilities, height: int, threshold: float) -> Mask:
    """`(height, W)`: upsampled along the columns and compared, one block of rows between two known ones at a time."""
    taps = _Taps.of(stretched.shape[0], height)
    above = stretched > threshold
    mask = np.empty((height, stretched.shape[1]), np.bool_)
    starts = np.flatnonzero(np.diff(taps.before + taps.after, prepend=-1))
    for start, stop in zip(starts, [*starts[1:], height], strict=True):
        upper, lower = taps.before[start], taps.after[start]
        mask[start:stop] = above[upper]
        crossing = np.flatnonzero(above[upper] != above[lower])
        if len(crossing):
            weights = taps.weight_before[start:stop, None], taps.weight_after[start:stop, None]
            sums = stretched[upper, crossing] * weights[0] + stretched[lower, crossing] * weights[1]
            mask[start:stop, crossing] = sums.astype(np.float32) > threshold
    return mask
