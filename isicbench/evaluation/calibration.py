"""How well probabilities mean what they say, and how well they rank pixels, from a histogram of all of them.

With equal bins from 0 to 1, every figure is that of the probabilities rounded to the middle of their bin.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Reliability:
    """A reliability diagram: `(B,)` each, for the bins that hold any pixel."""

    predicted: Floats
    """Mean probability in the bin."""
    observed: Floats
    """Share of lesion pixels in the bin."""
    weight: Floats
    """The bin's share of all pixels."""

    @property
    def expected_calibration_error(self) -> float:
        """Mean distance of observed share from probability, weighted by pixels (Naeini et al., AAAI 2015)."""
        return float(np.sum(self.weight * np.abs(self.observed - self.predicted)))


@dataclass(frozen=True, slots=True)
class Curve:
    """Points from the highest threshold to the lowest: `(B + 1,)` each."""

    x: Floats
    y: Floats


def reliability(positives: Sequence[int], negatives: Sequence[int], *, bins: int = 20) -> Reliability:
    """The histogram in `bins` wider bins, which must divide its length; raises `ValueError` otherwise."""
    lesion, skin = (np.asarray(counts, np.float64) for counts in (positives, negatives))
    if len(lesion) % bins:
        raise ValueError(f"{len(lesion)} bins cannot be joined to {bins}")
    middles = (np.arange(len(lesion)) + 0.5) / len(lesion)
    pixels = lesion + skin
    joined, hits, sums = (part.reshape(bins, -1).sum(axis=1) for part in (pixels, lesion, pixels * middles))
    held = joined > 0
    total = max(joined.sum(), 1)
    return Reliability(
        predicted=sums[held] / joined[held], observed=hits[held] / joined[held], weight=joined[held] / total
    )


def roc(positives: Sequence[int], negatives: Sequence[int]) -> Curve:
    """False positive rate (x) and true positive rate (y) over all pixels."""
    return Curve(x=_rates(negatives), y=_rates(positives))


def roc_area(positives: Sequence[int], negatives: Sequence[int]) -> float:
    """Area under the ROC curve: how often a lesion pixel ranks above another one, ties counting half.

    0.5 is a guess; NaN where one of the two kinds is missing.
    """
    if not sum(positives) or not sum(negatives):
        return float("nan")
    curve = roc(positives, negatives)
    return float(np.trapezoid(curve.y, curve.x))


def precision_recall(positives: Sequence[int], negatives: Sequence[int]) -> Curve:
    """Recall (x) and precision (y) over all pixels; precision is 1 where nothing is predicted."""
    hits, false_alarms = _from_the_top(positives), _from_the_top(negatives)
    predicted = hits + false_alarms
    precision = np.divide(hits, predicted, out=np.ones_like(hits), where=predicted > 0)
    return Curve(x=hits / max(hits[-1], 1), y=precision)


def average_precision(positives: Sequence[int], negatives: Sequence[int]) -> float:
    """Sum over thresholds of precision times the recall gained, without interpolation; NaN without lesion pixels."""
    if not sum(positives):
        return float("nan")
    curve = precision_recall(positives, negatives)
    return float(np.sum(np.diff(curve.x) * curve.y[1:]))


def _from_the_top(counts: Sequence[int]) -> Floats:
    """Pixels above each bin's lower edge, from none to all."""
    return np.concatenate([[0.0], np.cumsum(np.asarray(counts, np.float64)[::-1])])


def _rates(counts: Sequence[int]) -> Floats:
    above = _from_the_top(counts)
    rates: Floats = above / max(above[-1], 1)
    return rates
