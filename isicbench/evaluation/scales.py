"""The metrics of one image: what they are called, which end is the good one, and how they are written."""

import math
from dataclasses import dataclass
from enum import StrEnum


class Metric(StrEnum):
    """The scores of `isicbench.records.ImageScore`."""

    DICE = "dice"
    IOU = "iou"
    SENSITIVITY = "sensitivity"
    SPECIFICITY = "specificity"
    ACCURACY = "accuracy"
    PRECISION = "precision"
    THRESHOLDED_IOU = "thresholded_iou"
    BOUNDARY_IOU = "boundary_iou"
    HAUSDORFF95_PX = "hausdorff95_px"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """From 0 to `highest`."""

    label: str
    higher_is_better: bool = True
    highest: float = 1.0
    decimals: int = 3


SCALES = {
    Metric.DICE: Scale(label="Dice"),
    Metric.IOU: Scale(label="IoU"),
    Metric.SENSITIVITY: Scale(label="sensitivity"),
    Metric.SPECIFICITY: Scale(label="specificity"),
    Metric.ACCURACY: Scale(label="accuracy"),
    Metric.PRECISION: Scale(label="precision"),
    Metric.THRESHOLDED_IOU: Scale(label="thresholded IoU"),
    Metric.BOUNDARY_IOU: Scale(label="boundary IoU"),
    Metric.HAUSDORFF95_PX: Scale(
        label="95% Hausdorff distance (px)", higher_is_better=False, highest=math.inf, decimals=1
    ),
}
