"""Which images two experiments can be compared on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isicbench.report.comparison_scores import ExperimentScores
from isicbench.report.wording import count


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PairedScores:
    """Scores of two experiments on the same images: `(seeds_a, images)` and `(seeds_b, images)`."""

    a: NDArray[np.float64]
    b: NDArray[np.float64]
    left_out: int
    """Images that only one of the two has."""


def pair_images(a: ExperimentScores, b: ExperimentScores) -> PairedScores | str:
    """The common images, or why there is no comparison.

    Images are the same if their ids are, within one dataset (fingerprint). Between two datasets each common image must
    also have the same number of lesion pixels at the scored resolution, so that both were held against the same mask.
    """
    common = sorted(set(a.image_ids) & set(b.image_ids))
    if not common:
        return "they have no image in common"
    if a.dataset_fingerprint != b.dataset_fingerprint and (reason := _other_masks(a, b, common)):
        return reason
    return PairedScores(a=_columns(a, common), b=_columns(b, common), left_out=len(set(a.image_ids) ^ set(b.image_ids)))


def _other_masks(a: ExperimentScores, b: ExperimentScores, common: list[str]) -> str:
    other = sum(a.lesion_pixels[image_id] != b.lesion_pixels[image_id] for image_id in common)
    if not other:
        return ""
    fingerprints = f"{a.dataset_fingerprint[:12]} and {b.dataset_fingerprint[:12]}"
    return (
        f"their datasets differ (fingerprints {fingerprints}), and {other} of {count(len(common), 'common image')} "
        "were scored against other masks"
    )


def _columns(experiment: ExperimentScores, image_ids: list[str]) -> NDArray[np.float64]:
    places = {image_id: place for place, image_id in enumerate(experiment.image_ids)}
    return experiment.scores[:, [places[image_id] for image_id in image_ids]]
