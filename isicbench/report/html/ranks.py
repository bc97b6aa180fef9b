"""Where an image stands among all test images, by the mean Dice of the compared experiments."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from isicbench.report.comparison_scores import ExperimentScores

Ranks = Mapping[tuple[str, str], str]
"""By dataset fingerprint and image id: `12th best of 60`."""


def image_ranks(scores: Sequence[ExperimentScores]) -> Ranks:
    """Of the images that every experiment on their dataset has a score of."""
    by_dataset: dict[str, list[ExperimentScores]] = defaultdict(list)
    for one in scores:
        by_dataset[one.dataset_fingerprint].append(one)
    return {
        (fingerprint, image_id): text
        for fingerprint, members in by_dataset.items()
        for image_id, text in _ranks(members).items()
    }


def _ranks(scores: Sequence[ExperimentScores]) -> dict[str, str]:
    means: dict[str, list[float]] = defaultdict(list)
    for one in scores:
        for image_id, value in zip(one.image_ids, one.scores.mean(axis=0).tolist(), strict=True):
            if np.isfinite(value):
                means[image_id].append(value)
    common = {image_id: sum(values) for image_id, values in means.items() if len(values) == len(scores)}
    ordered = sorted(common, key=lambda image_id: (-common[image_id], image_id))
    return {image_id: f"{_ordinal(place)} best of {len(ordered)}" for place, image_id in enumerate(ordered, start=1)}


def _ordinal(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"
