"""From pixel counts and boundary figures to an evaluation: per image, their mean, and over all pixels."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isicbench.evaluation import metrics
from isicbench.evaluation.boundaries import BoundaryScores
from isicbench.evaluation.metrics import Confusion, Scores
from isicbench.records import EvaluationRecord, ImageScore

OVERLAP_SCORES = {
    "iou": metrics.iou,
    "dice": metrics.dice,
    "sensitivity": metrics.sensitivity,
    "specificity": metrics.specificity,
    "accuracy": metrics.accuracy,
    "precision": metrics.precision,
    "thresholded_iou": metrics.thresholded_iou,
}
"""The scores that pixel counts give, by the name of their field in a record."""


def summarise(
    confusion: Confusion,
    *,
    image_ids: Sequence[str],
    split: str,
    dataset_fingerprint: str,
    resolution: str,
    threshold: float,
    seconds: float,
    boundaries: BoundaryScores | None = None,
    missing: NDArray[np.bool_] | None = None,
) -> EvaluationRecord:
    """The evaluation of one split from the counts of each of its images.

    `boundaries` holds NaN where a figure was not computed, and the mean over it is NaN then; without it all are NaN.
    An image that is `missing` (`(N,)` bool) counts as an empty prediction in the pixels, and every overlap score of it
    is 0, also where an empty prediction would score 1: leaving an image out never pays.
    """
    columns = _score_columns(confusion, boundaries, missing)
    means: dict[str, Any] = {name: float(np.mean(scores)) for name, scores in columns.items()}
    together = confusion.total()
    return EvaluationRecord(
        split=split,
        dataset_fingerprint=dataset_fingerprint,
        resolution=resolution,
        threshold=threshold,
        image_count=len(image_ids),
        micro_iou=float(metrics.iou(together)[0]),
        micro_dice=float(metrics.dice(together)[0]),
        predicted_share=metrics.predicted_share(confusion),
        true_share=metrics.true_share(confusion),
        seconds=seconds,
        image_scores=_image_scores(image_ids, confusion, columns),
        **means,
    )


def _score_columns(
    confusion: Confusion, boundaries: BoundaryScores | None, missing: NDArray[np.bool_] | None
) -> dict[str, Scores]:
    """Every score by its field's name, `(N,)` each."""
    columns = {name: score(confusion) for name, score in OVERLAP_SCORES.items()}
    if missing is not None:
        columns = {name: np.where(missing, 0.0, scores) for name, scores in columns.items()}
    nothing = np.full(len(confusion.pixels), np.nan)
    columns["boundary_iou"] = nothing if boundaries is None else boundaries.boundary_iou
    columns["hausdorff95_px"] = nothing if boundaries is None else boundaries.hausdorff95_px
    return columns


def _image_scores(
    image_ids: Sequence[str], confusion: Confusion, columns: Mapping[str, Scores]
) -> tuple[ImageScore, ...]:
    counts = zip(*confusion.columns(), strict=True)
    rows: list[dict[str, Any]] = [
        dict(zip(columns, map(float, scores), strict=True)) for scores in zip(*columns.values(), strict=True)
    ]
    return tuple(
        ImageScore(
            image_id=image_id,
            true_positives=int(tp),
            false_positives=int(fp),
            false_negatives=int(fn),
            true_negatives=int(tn),
            **row,
        )
        for image_id, (tp, fp, fn, tn), row in zip(image_ids, counts, rows, strict=True)
    )
