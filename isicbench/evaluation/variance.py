"""How far a mean over images and seeds may be off: variance components, and what they bound.

Images and seeds are crossed random effects (Clark 1973, "The language-as-fixed-effect fallacy"): every seed is scored
on every image, and both are samples of what the question is about. The variance of the mean is a sum of components,
one for the images and one for the seeds of each experiment; the interaction of image and seed is contained in both, so
that the sum is slightly too large.

Each component is estimated with few degrees of freedom, one for two seeds. Satterthwaite's approximation for their sum
then calls too much different (docs/statistics.md). Banerjee's bound (1961, "On confidence interval for two-means
problem based on separate estimates of variances and tabulated values of t-table", Sankhya A 23) approximates nothing:
with normal components, the interval of half width sqrt(sum of t_j^2 V_j), each t at its own degrees of freedom, covers
with at least its nominal probability, whatever the components' true sizes.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import stdtrit

Scores = NDArray[np.float64]
CONFIDENCE = 0.95
POWER = 0.8
ROUNDING = 1e-12
"""Values that differ by less than this share of their size are equal but for rounding."""


@dataclass(frozen=True, slots=True)
class Component:
    """One part of a mean's variance, and the degrees of freedom of its estimate."""

    variance: float
    degrees_of_freedom: int


def component(means: Scores) -> Component:
    """What the mean of `(n,)` independent values varies by: their sample variance over n; n is at least 2."""
    equal = np.ptp(means) <= ROUNDING * np.abs(means).max()
    return Component(0.0 if equal else float(np.var(means, ddof=1)) / len(means), len(means) - 1)


def mean_components(scores: Scores) -> list[Component]:
    """Images, and seeds where there are several, of `(seeds, images)` scores; none for a single image."""
    return _several(scores.mean(axis=0)) + _several(scores.mean(axis=1)) if scores.shape[1] > 1 else []


def difference_components(a: Scores, b: Scores) -> list[Component]:
    """Images (paired), and each side's seeds where it has several; none for a single image."""
    if a.shape[1] < 2:
        return []
    paired = a.mean(axis=0) - b.mean(axis=0)
    return [component(paired), *_several(a.mean(axis=1)), *_several(b.mean(axis=1))]


def half_width(components: Sequence[Component], *, probability: float = (1 + CONFIDENCE) / 2) -> float:
    """Half the width of the interval whose upper end is at this probability: sqrt(sum of t_j^2 V_j)."""
    return math.sqrt(
        sum(float(stdtrit(part.degrees_of_freedom, probability)) ** 2 * part.variance for part in components)
    )


def p_value(difference: float, components: Sequence[Component]) -> float:
    """Two-sided: 1 minus the confidence at which the interval around the difference just reaches 0."""
    if difference == 0:
        return 1.0
    if half_width(components, probability=1 - _LEAST_P / 2) < abs(difference):
        return _LEAST_P
    tail = brentq(lambda p: half_width(components, probability=1 - p / 2) - abs(difference), _LEAST_P, 1.0)
    return float(tail)


def smallest_difference(components: Sequence[Component], *, alpha: float) -> float:
    """The true difference that a two-sided test at `alpha` would have shown with 80% power."""
    return half_width(components, probability=1 - alpha / 2) + half_width(components, probability=POWER)


def _several(means: Scores) -> list[Component]:
    return [component(means)] if len(means) > 1 else []


_LEAST_P = 1e-9
"""Smaller ones are not told apart."""
