"""What a run's recorded figures say about it. Each diagnosis names the figures that it rests on."""

from collections.abc import Callable

from isicbench.evaluation.diagnosis.collapse import collapse, entropy
from isicbench.evaluation.diagnosis.convergence import divergence, not_converged, overfitting
from isicbench.evaluation.diagnosis.figures import RunFigures
from isicbench.evaluation.diagnosis.soundness import (
    frozen_encoder_moved,
    masks_inverted,
    predictions_inverted,
    resize_leak,
)
from isicbench.records import Diagnosis

__all__ = ["RunFigures", "diagnose", "divergence", "entropy"]

CHECKS: tuple[Callable[[RunFigures], list[Diagnosis]], ...] = (
    collapse,
    masks_inverted,
    predictions_inverted,
    resize_leak,
    frozen_encoder_moved,
    overfitting,
    not_converged,
)


def diagnose(figures: RunFigures) -> list[Diagnosis]:
    """Every diagnosis that a completed run's figures support, what spoils its scores first."""
    return [found for check in CHECKS for found in check(figures)]
