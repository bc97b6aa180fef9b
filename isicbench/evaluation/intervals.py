"""95% confidence intervals of a mean score."""

import warnings
from dataclasses import dataclass

import numpy as np
from scipy import stats

from isicbench.evaluation.variance import CONFIDENCE, Scores, half_width, mean_components

RESAMPLES = 9_999
_BATCH = 1_000
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


def mean_interval(scores: Scores, *, highest: float = 1.0, resamples: int = RESAMPLES) -> Interval | None:
    """The interval of the mean of `(seeds, images)` scores on a scale from 0 to `highest`.

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
    return Interval(low=mean - width, high=mean + width, method="seeds and images").within(0.0, highest)


def bootstrap_interval(values: Scores, *, resamples: int = RESAMPLES) -> Interval | None:
    """Of the mean of `(images,)` values, by bias-corrected and accelerated bootstrap (Efron 1987), or by the
    percentile one where that is not defined; None for a single image."""
    if len(values) < 2:
        return None
    if np.ptp(values) == 0:
        return Interval(low=float(values[0]), high=float(values[0]), method="all equal")
    return _bootstrap(values, "BCa", resamples) or _bootstrap(values, "percentile", resamples)


def _bootstrap(values: Scores, method: str, resamples: int) -> Interval | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
        found = stats.bootstrap(
            (values,),
            np.mean,
            n_resamples=resamples,
            batch=_BATCH,
            confidence_level=CONFIDENCE,
            method=method,
            rng=np.random.default_rng(_RNG_SEED),
        ).confidence_interval
    if not np.isfinite([found.low, found.high]).all():
        return None
    return Interval(low=float(found.low), high=float(found.high), method=f"{method} bootstrap over images")
