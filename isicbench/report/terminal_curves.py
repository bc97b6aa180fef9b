"""A run's losses and validation scores over epochs, for a terminal."""

from collections.abc import Sequence
from math import isfinite

from rich.console import RenderableType
from rich.text import Text

from isicbench.records import EpochRecord
from isicbench.report.terminal_plot import Line, Plot


def terminal_curves(epochs: Sequence[EpochRecord]) -> list[RenderableType]:
    """Both losses on one scale, then validation Dice and IoU from 0 to 1; what has no finite value is left out."""
    first = epochs[0].epoch
    losses = [
        Line(name="train", values=[record.train_loss for record in epochs]),
        Line(name="validation", values=[record.validation_loss for record in epochs], dashed=True),
    ]
    scores = [
        Line(name="Dice", values=[record.validation_dice for record in epochs]),
        Line(name="IoU", values=[record.validation_iou for record in epochs], dashed=True),
    ]
    parts: list[RenderableType] = []
    if known := _finite(losses):
        low, high = min(known), max(known)
        room = 0.0 if high > low else 0.05 * abs(high) or 0.5
        parts += [Text("Loss"), Plot(lines=losses, first=first, low=low - room, high=high + room)]
    if _finite(scores):
        parts += [Text(), Text("Validation scores"), Plot(lines=scores, first=first, low=0.0, high=1.0)]
    return parts


def _finite(lines: Sequence[Line]) -> list[float]:
    return [value for line in lines for value in line.values if isfinite(value)]
