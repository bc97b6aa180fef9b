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
    """What a score of an image is called, and where it lies: from `lowest` to `highest`."""

    name: str
    """As the database has it."""
    label: str
    """As sentences and tables have it."""
    higher_is_better: bool = True
    lowest: float = 0.0
    highest: float = 1.0
    decimals: int = 3


def unbounded(name: str, *, higher_is_better: bool) -> Scale:
    """The scale of another package's metric, of which nothing else is known."""
    return Scale(name=name, label=name, higher_is_better=higher_is_better, lowest=-math.inf, highest=math.inf)


SCALES = {
    Metric(scale.name): scale
    for scale in (
        Scale(name="dice", label="Dice"),
        Scale(name="iou", label="IoU"),
        Scale(name="sensitivity", label="sensitivity"),
        Scale(name="specificity", label="specificity"),
        Scale(name="accuracy", label="accuracy"),
        Scale(name="precision", label="precision"),
        Scale(name="thresholded_iou", label="thresholded IoU"),
        Scale(name="boundary_iou", label="boundary IoU"),
        Scale(
            name="hausdorff95_px",
            label="95% Hausdorff distance (px)",
            higher_is_better=False,
            highest=math.inf,
            decimals=1,
        ),
    )
}
