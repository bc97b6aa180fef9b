"""One predicted mask against one true one, and an evaluation from many such pairs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from isicbench.evaluation.boundaries import BoundaryScores, boundary_iou, hausdorff95_px
from isicbench.evaluation.metrics import Confusion
from isicbench.evaluation.plugin_metrics import LoadedMetric, summarise_metrics
from isicbench.evaluation.scoring import summarise
from isicbench.records import EvaluationRecord

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairScores:
    """What one image contributes; boundary figures are NaN where they were not asked for."""

    image_id: str
    confusion: Confusion
    """Of this image alone."""
    boundary_iou: float = math.nan
    hausdorff95_px: float = math.nan
    plugin_metrics: tuple[float, ...] = ()
    """Of the metrics of other packages, in their order."""
    is_missing: bool = False
    """There is no prediction: an empty one takes its place and scores 0."""


def score_pair(
    image_id: str,
    *,
    predicted: Mask,
    true: Mask,
    boundaries: bool = True,
    metrics: Sequence[LoadedMetric] = (),
    probabilities: NDArray[np.float32] | None = None,
) -> PairScores:
    """Scores of two `(H, W)` bool masks; `probabilities`, of the same shape, are for metrics that read them."""
    return PairScores(
        image_id=image_id,
        confusion=Confusion.of_masks(predicted, true),
        boundary_iou=boundary_iou(predicted, true) if boundaries else math.nan,
        hausdorff95_px=hausdorff95_px(predicted, true) if boundaries else math.nan,
        plugin_metrics=tuple(metric.of(predicted, true, probabilities) for metric in metrics),
    )


def evaluation_of(
    pairs: Sequence[PairScores],
    *,
    split: str,
    dataset_fingerprint: str,
    resolution: str,
    threshold: float,
    seconds: float,
    metrics: Sequence[LoadedMetric] = (),
) -> EvaluationRecord:
    """The evaluation that the pairs' scores make together."""
    image_ids = [pair.image_id for pair in pairs]
    evaluation = summarise(
        Confusion.joined([pair.confusion for pair in pairs]),
        image_ids=image_ids,
        split=split,
        dataset_fingerprint=dataset_fingerprint,
        resolution=resolution,
        threshold=threshold,
        seconds=seconds,
        boundaries=BoundaryScores(
            boundary_iou=np.array([pair.boundary_iou for pair in pairs]),
            hausdorff95_px=np.array([pair.hausdorff95_px for pair in pairs]),
        ),
        missing=np.array([pair.is_missing for pair in pairs]),
    )
    rows = [pair.plugin_metrics for pair in pairs]
    return replace(evaluation, plugin_metrics=summarise_metrics(metrics, image_ids, rows, resolution=resolution))
