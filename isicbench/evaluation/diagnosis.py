"""What a run's recorded figures say about it. Each diagnosis names the figures that it rests on."""

import math
from collections.abc import Sequence

from isicbench.records import Diagnosis, EpochRecord, EvaluationRecord

NEARLY_NOTHING = 0.05
"""Collapsed to background: the predicted area is below this share of the true one."""
NEARLY_EVERYTHING = 0.95
"""Collapsed to foreground: the predicted area is above this share of all pixels (and the true one is not)."""


def diagnose(test: EvaluationRecord, epochs: Sequence[EpochRecord]) -> list[Diagnosis]:
    """Every diagnosis that the test scores and the epochs' figures support."""
    return [found for check in (_collapse_to_background, _collapse_to_foreground) if (found := check(test, epochs))]


def entropy(share: float) -> float:
    """Binary entropy in nats: the loss of predicting a constant probability that equals the foreground's share."""
    if not 0 < share < 1:
        return 0.0
    return -share * math.log(share) - (1 - share) * math.log(1 - share)


def _collapse_to_background(test: EvaluationRecord, epochs: Sequence[EpochRecord]) -> Diagnosis | None:
    if test.predicted_share >= NEARLY_NOTHING * test.true_share:
        return None
    return Diagnosis(
        kind="collapsed_background",
        message=(
            f"predicts (nearly) nothing: {test.predicted_share:.2%} of the test pixels are predicted as lesion, "
            f"{test.true_share:.2%} are. {_loss_sentence(test, epochs)}"
        ),
        advice=(
            f"Hardly any pixel's probability passes {test.threshold:g}, which does not mean that nothing was learnt: "
            "try pretrained weights, more epochs, a higher learning rate, or a lower --threshold."
        ),
        evidence=_evidence(test, epochs),
    )


def _collapse_to_foreground(test: EvaluationRecord, epochs: Sequence[EpochRecord]) -> Diagnosis | None:
    if test.predicted_share <= NEARLY_EVERYTHING or test.true_share > NEARLY_EVERYTHING:
        return None
    return Diagnosis(
        kind="collapsed_foreground",
        message=(
            f"predicts (nearly) everything: {test.predicted_share:.2%} of the test pixels are predicted as lesion, "
            f"{test.true_share:.2%} are. {_loss_sentence(test, epochs)}"
        ),
        advice="Look at the masks (isicbench data show): are they inverted? Else try a lower learning rate.",
        evidence=_evidence(test, epochs),
    )


def _loss_sentence(test: EvaluationRecord, epochs: Sequence[EpochRecord]) -> str:
    prior = entropy(test.true_share)
    if not epochs:
        return f"A constant prediction at the lesions' share of the area would have the loss {prior:.4f}."
    return (
        f"The last training loss is {epochs[-1].train_loss:.4f}; "
        f"a constant prediction at the lesions' share of the area would have {prior:.4f}."
    )


def _evidence(test: EvaluationRecord, epochs: Sequence[EpochRecord]) -> dict[str, float]:
    figures = {
        "predicted_share": test.predicted_share,
        "true_share": test.true_share,
        "threshold": test.threshold,
        "prior_entropy": entropy(test.true_share),
    }
    if epochs:
        figures["train_loss"] = epochs[-1].train_loss
        figures["validation_loss"] = epochs[-1].validation_loss
    return figures
