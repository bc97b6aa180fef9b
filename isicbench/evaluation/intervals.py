"""95% confidence intervals of a mean score."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from isicbench.evaluation.variance import CONFIDENCE, Scores, half_width, mean_components

RESAMPLES = 9_999
_CHUNK = 1_000
_RNG_SEED = 20_160
"""Fixed, so that a report says the same each time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """From `low` to `high`; `method` names how it was found."""

    low: float
    high: float
    method: str

    def within(self, lowest: float, highest: float) -> "Interval":
        """Cut at the ends of a scale, which a mean cannot pass."""
        return Interval(low=max(self.low, lowest), high=min(self.high, highest), method=self.method)


def mean_interval(
    scores: Scores, *, lowest: float = 0.0, highest: float = 1.0, resamples: int = RESAMPLES
) -> Interval | None:
    """The interval of the mean of `(seeds, images)` scores on a scale from `lowest` to `highest`.

    One seed: bootstrap over images, for this training. Several: over seeds and images, for the experiment, symmetric
    (see `isicbench.evaluation.variance`) and cut at the scale's ends. None for a single image, which says nothing of
    others. Where all scores are equal the interval is that one value: no spread was seen, which is not to say that
    there is none.
    """
    if scores.shape[1] < 2:
        return None
    if len(scores) == 1:
        return bootstrap_interval(scores[0], resamples=resamples)
    width, mean = half_width(mean_components(scores)), float(scores.mean())
    return Interval(low=mean - width, high=mean + width, method="seeds and images").within(lowest, highest)


def bootstrap_interval(values: Scores, *, resamples: int = RESAMPLES) -> Interval | None:
    """Of the mean of `(images,)` values, by bias-corrected and accelerated bootstrap (BCa; Efron 1987), or by the
    percentile one where that is not defined; None for a single image.

    The figures are those of scipy.stats.bootstrap; the resamples are kept, for a report has many means and pairs.
    """
    if len(values) < 2:
        return None
    if np.ptp(values) == 0:
        return Interval(low=float(values[0]), high=float(values[0]), method="all equal")
    means = _resample_counts(len(values), resamples).astype(np.float64) @ values / len(values)
    tails = np.array([(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    corrected = _bca_levels(values, means, tails)
    defined = bool(np.isfinite(corrected).all())
    low, high = np.quantile(means, corrected if defined else tails)
    method = "BCa" if defined else "percentile"
    return Interval(low=float(low), high=float(high), method=f"{method} bootstrap over images")


def _bca_levels(values: Scores, means: Scores, tails: Scores) -> Scores:
    """Which quantiles of the resampled means to take; for a mean the jackknife's acceleration has this closed form."""
    mean = values.mean()
    bias = ndtri(((means < mean).mean() + (means <= mean).mean()) / 2)
    deviations = values - mean
    acceleration = (deviations**3).sum() / (6 * (deviations**2).sum() ** 1.5)
    reach = bias + ndtri(tails)
    return np.asarray(ndtr(bias + reach / (1 - acceleration * reach)), np.float64)


@lru_cache(maxsize=2)
def _resample_counts(image_count: int, resamples: int) -> NDArray[np.uint16]:
    """How often each image is drawn: `(resamples, images)`."""
    counts = np.zeros((resamples, image_count), np.uint16)
    rng = np.random.default_rng(_RNG_SEED)
    for start in range(0, resamples, _CHUNK):
        drawn = rng.integers(0, image_count, (min(_CHUNK, resamples - start), image_count))
        places = drawn + image_count * np.arange(len(drawn))[:, None]
        counts[start : start + _CHUNK] = np.bincount(places.ravel(), minlength=places.size).reshape(places.shape)
    return counts
