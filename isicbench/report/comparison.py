"""Experiments compared pair by pair; nothing here renders."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isicbench.evaluation.comparison import Comparison, compare_pairs
from isicbench.evaluation.intervals import Interval, mean_interval
from isicbench.evaluation.scales import Scale
from isicbench.report.comparison_pairing import PairedScores, pair_images
from isicbench.report.comparison_scores import ExperimentScores
from isicbench.report.comparison_sentence import comparison_sentence
from isicbench.report.wording import count, number_ranges

EVERY_PAIR_UP_TO = 12
"""Experiments; of more, each is compared with the best one only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanLine:
    """An experiment's mean over seeds and images, and how far off it may be."""

    label: str
    run_ids: tuple[int, ...]
    seeds: tuple[int, ...]
    image_count: int
    left_out: int
    """Images that lack a score of some seed."""
    mean: float
    interval: Interval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairLine:
    """Two experiments, by their places among the means, and what can be said of them."""

    a: int
    b: int
    comparison: Comparison | None
    """None where they cannot be compared; `sentence` says why."""
    left_out: int
    """Images that only one of the two has."""
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonContents:
    scale: Scale
    """Of the metric that is compared."""
    split: str
    resolution: str
    means: tuple[MeanLine, ...]
    pairs: tuple[PairLine, ...]
    tests: int
    """How many pairs Holm's correction is for."""
    notes: tuple[str, ...]


def compare_experiments(
    experiments: Sequence[ExperimentScores],
    *,
    scale: Scale,
    split: str,
    resolution: str,
    notes: Sequence[str] = (),
    picked_from: int = 0,
) -> ComparisonContents:
    """Every pair in the given order, or each with the best where there are many.

    `picked_from` says of how many experiments these are the best, where they were picked by their scores.
    """
    means = mean_lines(experiments, scale)
    total = max(len(means), picked_from)
    places, family = _places(means, scale, total=total)
    paired = [pair_images(experiments[a], experiments[b]) for a, b in places]
    compared = compare_pairs(
        [(pair.a, pair.b) for pair in paired if isinstance(pair, PairedScores)],
        higher_is_better=scale.higher_is_better,
        family=family,
    )
    tests = max(family or 0, sum(not math.isnan(made.p) for made in compared))
    made = iter(compared)
    pairs = [
        _refused(a, b, means, reason=pair)
        if isinstance(pair, str)
        else _pair(a, b, means, pair=pair, comparison=next(made), scale=scale, tests=tests)
        for (a, b), pair in zip(places, paired, strict=True)
    ]
    return ComparisonContents(
        scale=scale,
        split=split,
        resolution=resolution,
        means=tuple(means),
        pairs=tuple(pairs),
        tests=tests,
        notes=(*notes, *_notes(experiments, means, pairs, resolution=resolution, family=family, total=total)),
    )


def mean_lines(experiments: Sequence[ExperimentScores], scale: Scale) -> list[MeanLine]:
    """One line an experiment, over the images that have a score of every seed."""
    return [_mean_line(experiment, scale) for experiment in experiments]


def _mean_line(experiment: ExperimentScores, scale: Scale) -> MeanLine:
    scores: NDArray[np.float64] = experiment.scores[:, np.isfinite(experiment.scores).all(axis=0)]
    return MeanLine(
        label=experiment.label,
        run_ids=experiment.run_ids,
        seeds=experiment.seeds,
        image_count=scores.shape[1],
        left_out=experiment.scores.shape[1] - scores.shape[1],
        mean=float(scores.mean()) if scores.size else math.nan,
        interval=mean_interval(scores, lowest=scale.lowest, highest=scale.highest),
    )


def _places(means: Sequence[MeanLine], scale: Scale, *, total: int) -> tuple[list[tuple[int, int]], int | None]:
    """The pairs to compare, and the size of the family that they were picked from if they were."""
    here = range(len(means))
    if total <= EVERY_PAIR_UP_TO:
        return [(a, b) for a in here for b in here[a + 1 :]], None
    sign = 1 if scale.higher_is_better else -1
    best = max(here, key=lambda place: -math.inf if math.isnan(m := means[place].mean) else sign * m)
    return [(best, other) for other in here if other != best], total * (total - 1) // 2


def _refused(a: int, b: int, means: Sequence[MeanLine], *, reason: str) -> PairLine:
    sentence = f"{means[a].label} and {means[b].label} are not compared: {reason}."
    return PairLine(a=a, b=b, comparison=None, left_out=0, sentence=sentence)


def _pair(
    a: int,
    b: int,
    means: Sequence[MeanLine],
    *,
    pair: PairedScores,
    comparison: Comparison,
    scale: Scale,
    tests: int,
) -> PairLine:
    sentence = comparison_sentence(comparison, a=means[a].label, b=means[b].label, scale=scale, tests=tests)
    return PairLine(a=a, b=b, comparison=comparison, left_out=pair.left_out, sentence=sentence)


def _whose(shown: int, total: int) -> str:
    return "each is" if shown == total else f"the {shown} with the highest scores are"


def _notes(
    experiments: Sequence[ExperimentScores],
    means: Sequence[MeanLine],
    pairs: Sequence[PairLine],
    *,
    resolution: str,
    family: int | None,
    total: int,
) -> list[str]:
    notes = [
        f"{means[line.a].label} and {means[line.b].label}: {count(missing, 'image')} left out, "
        "which one of the two lacks or has no score of."
        for line in pairs
        if line.comparison and (missing := line.left_out + line.comparison.left_out)
    ]
    sizes = {experiment.image_size_px for experiment in experiments}
    if resolution == "training" and len(sizes) > 1:
        notes.append(f"Scored at different sizes ({number_ranges(sizes)} px), each at its network's input size.")
    if family:
        notes.append(
            f"There are {total} experiments: {_whose(len(means), total)} compared with the best only, and p is "
            f"corrected for all {family} pairs, since the best was picked by its score."
        )
    return notes
