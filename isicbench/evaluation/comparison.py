"""Whether one experiment is better than another on the same images, and how sure that is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from isicbench.evaluation.holm import holm
from isicbench.evaluation.intervals import Interval, bootstrap_interval
from isicbench.evaluation.sign_flips import least_p, sign_flip_p
from isicbench.evaluation.variance import (
    Component,
    Scores,
    component,
    difference_components,
    half_width,
    p_value,
    smallest_difference,
)

ALPHA = 0.05


class Verdict(StrEnum):
    """What the Holm-adjusted p-value allows to say of the first experiment."""

    BETTER = "better"
    WORSE = "worse"
    NO_DIFFERENCE_SHOWN = "no difference shown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Of A with B; NaN where a figure is not defined, as p is for a single image."""

    image_count: int
    """Images with a score of every seed of both."""
    left_out: int
    """Given images without one."""
    seeds_a: int
    seeds_b: int
    mean_a: float
    mean_b: float
    difference: float
    """A minus B."""
    interval: Interval | None
    """95%, of the difference, not corrected for the number of pairs."""
    p: float
    """One seed each: sign-flip permutation test. Several: from `isicbench.evaluation.variance`."""
    holm_p: float
    wilcoxon_p: float
    """A second figure where each has one seed: Wilcoxon's signed-rank test (1945), of the differences' middle."""
    effect_size: float
    """Mean paired difference in units of the differences' standard deviation over images (Cohen's d_z)."""
    share_better: float
    """Share of the images on which A is strictly better, in the mean over its seeds."""
    share_equal: float
    smallest_difference: float
    """What would have been shown with 80% power at the family's strictest level; NaN where nothing could have been."""
    verdict: Verdict


def compare_pairs(
    pairs: Sequence[tuple[Scores, Scores]], *, higher_is_better: bool = True, family: int | None = None
) -> list[Comparison]:
    """Compare each A with its B: `(seeds_a, images)` and `(seeds_b, images)` scores of the same images.

    An image that lacks a score (NaN) in any seed is left out of its pair. `family` as in `holm`.
    """
    complete = [_complete(a, b) for a, b in pairs]
    p_values = [_p(a, b) for a, b in complete]
    adjusted = holm(p_values, family=family)
    tests = max(family or 0, sum(not math.isnan(p) for p in p_values))
    return [
        _comparison(
            a,
            b,
            left_out=given.shape[1] - a.shape[1],
            p=p,
            holm_p=holm_p,
            tests=tests,
            higher_is_better=higher_is_better,
        )
        for (given, _), (a, b), p, holm_p in zip(pairs, complete, p_values, adjusted, strict=True)
    ]


def _complete(a: Scores, b: Scores) -> tuple[Scores, Scores]:
    kept = np.isfinite(a).all(axis=0) & np.isfinite(b).all(axis=0)
    return a[:, kept], b[:, kept]


def _p(a: Scores, b: Scores) -> float:
    if a.shape[1] < 2:
        return math.nan
    components = difference_components(a, b)
    if len(components) == 1 or _total(components) == 0:
        return float(sign_flip_p(a.mean(axis=0) - b.mean(axis=0)))
    return p_value(float(a.mean() - b.mean()), components)


def _comparison(
    a: Scores, b: Scores, *, left_out: int, p: float, holm_p: float, tests: int, higher_is_better: bool
) -> Comparison:
    differences = a.mean(axis=0) - b.mean(axis=0)
    difference = _mean(differences)
    better = differences if higher_is_better else -differences
    return Comparison(
        image_count=a.shape[1],
        left_out=left_out,
        seeds_a=len(a),
        seeds_b=len(b),
        mean_a=_mean(a),
        mean_b=_mean(b),
        difference=difference,
        interval=_interval(a, b),
        p=p,
        holm_p=holm_p,
        wilcoxon_p=_wilcoxon(a, b),
        effect_size=_effect_size(differences),
        share_better=_mean(better > 0),
        share_equal=_mean(better == 0),
        smallest_difference=_smallest_difference(a, b, tests),
        verdict=_verdict(difference if higher_is_better else -difference, holm_p),
    )


def _interval(a: Scores, b: Scores) -> Interval | None:
    components = difference_components(a, b)
    if len(components) < 2:
        return bootstrap_interval(a.mean(axis=0) - b.mean(axis=0))
    difference, width = float(a.mean() - b.mean()), half_width(components)
    return Interval(low=difference - width, high=difference + width, method="seeds and images")


def _wilcoxon(a: Scores, b: Scores) -> float:
    if len(a) > 1 or len(b) > 1 or a.shape[1] < 2:
        return math.nan
    differences = a[0] - b[0]
    # scipy.stats takes longer to load than all else that a report needs.
    from scipy import stats

    return float(stats.wilcoxon(differences).pvalue) if differences.any() else 1.0


def _effect_size(differences: Scores) -> float:
    count = len(differences)
    deviation = math.sqrt(component(differences).variance * count) if count > 1 else 0.0
    return _mean(differences) / deviation if deviation > 0 else math.nan


def _smallest_difference(a: Scores, b: Scores, tests: int) -> float:
    components = difference_components(a, b)
    only_images = len(components) == 1
    if _total(components) == 0 or (only_images and least_p(a.shape[1]) * tests >= ALPHA):
        return math.nan
    return smallest_difference(components, alpha=ALPHA / tests)


def _verdict(advantage: float, holm_p: float) -> Verdict:
    if math.isnan(holm_p) or holm_p >= ALPHA or advantage == 0:
        return Verdict.NO_DIFFERENCE_SHOWN
    return Verdict.BETTER if advantage > 0 else Verdict.WORSE


def _total(components: Sequence[Component]) -> float:
    return sum(part.variance for part in components)


def _mean(values: Scores | np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> float:
    return float(np.mean(values)) if values.size else math.nan
