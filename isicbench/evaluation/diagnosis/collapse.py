"""A run that predicts (nearly) nothing or everything, and why."""

import math

from isicbench.evaluation.calibration import roc_area
from isicbench.evaluation.diagnosis.figures import RunFigures
from isicbench.evaluation.thresholds import best_threshold
from isicbench.records import Diagnosis, ProbabilityRecord

NEARLY_NOTHING = 0.05
"""Collapsed to background: the predicted area is below this share of the true one."""
NEARLY_EVERYTHING = 0.95
"""Collapsed to foreground: the predicted area is above this share of all pixels (and the true one is not)."""
USABLE_RANKING = 0.65
"""ROC area from which the probabilities tell lesion from skin well enough for another threshold to help."""
DICE_FORGONE = 0.15
"""Validation's best threshold must gain this much mean Dice to be worth a word where nothing has collapsed."""
FEW_CELLS = 4.0
"""Bilinear upsampling mixes four neighbouring logits, so a lesion of fewer cells never fills what it is mixed with."""


def collapse(figures: RunFigures) -> list[Diagnosis]:
    """The collapse, followed by its cause where validation's probabilities are recorded.

    The cause is named as well where no collapse is, but another threshold would have given far better masks.
    """
    test = figures.test
    if test.predicted_share < NEARLY_NOTHING * test.true_share:
        return [_to_background(figures), *_cause(figures)]
    if test.predicted_share > NEARLY_EVERYTHING >= test.true_share:
        return [_to_foreground(figures)]
    return _cause(figures) if _dice_forgone(figures) > DICE_FORGONE else []


def entropy(share: float) -> float:
    """Binary entropy in nats: the loss of predicting a constant probability that equals the foreground's share."""
    if not 0 < share < 1:
        return 0.0
    return -share * math.log(share) - (1 - share) * math.log(1 - share)


def _to_background(figures: RunFigures) -> Diagnosis:
    advice = f"Hardly any pixel's probability passes {figures.test.threshold:g}, which does not mean that nothing was "
    return Diagnosis(
        kind="collapsed_background",
        message=f"predicts (nearly) nothing: {_shares(figures)} {_loss_sentence(figures)}",
        advice=advice + "learnt: try pretrained weights, more epochs, a higher learning rate, or --threshold auto.",
        evidence=_evidence(figures),
    )


def _to_foreground(figures: RunFigures) -> Diagnosis:
    return Diagnosis(
        kind="collapsed_foreground",
        message=f"predicts (nearly) everything: {_shares(figures)} {_loss_sentence(figures)}",
        advice="Look at the masks (isicbench data show): are they inverted? Else try a lower learning rate.",
        evidence=_evidence(figures),
    )


def _cause(figures: RunFigures) -> list[Diagnosis]:
    validation = figures.validation
    if validation is None:
        return []
    area = roc_area(validation.positives, validation.negatives)
    if not area >= USABLE_RANKING:
        return [_prior_level(figures, validation, area)]
    if figures.lesion_cells < FEW_CELLS:
        return [_resolution_limit(figures, validation, area)]
    return [_threshold_too_high(figures, validation, area)]


def _dice_forgone(figures: RunFigures) -> float:
    """What validation's best threshold gains over the one used, where that lets too little through."""
    scores = figures.validation.threshold_scores if figures.validation else ()
    if not scores or figures.test.predicted_share >= figures.test.true_share:
        return 0.0
    used = min(scores, key=lambda score: abs(score.threshold - figures.test.threshold))
    return best_threshold(scores).dice - used.dice


def _prior_level(figures: RunFigures, validation: ProbabilityRecord, area: float) -> Diagnosis:
    low, high = _central_range(validation)
    unfreeze = "--fine-tuned, " if figures.config.frozen else ""
    return Diagnosis(
        kind="prior_level_output",
        message=(
            f"the output has settled at the lesions' share of the area and hardly tells lesion from skin: 90% of the "
            f"validation pixels have a probability from {low:.2f} to {high:.2f}, lesions cover "
            f"{figures.test.true_share:.2f}, and a lesion pixel outranks another one in {area:.0%} of pairs (a guess: "
            "50%)."
        ),
        advice=f"No threshold mends this. Try pretrained weights, {unfreeze}more epochs, or a higher learning rate.",
        evidence={"roc_area": area, "probability_p5": low, "probability_p95": high},
    )


def _resolution_limit(figures: RunFigures, validation: ProbabilityRecord, area: float) -> Diagnosis:
    grid = figures.grid_cells
    return Diagnosis(
        kind="resolution_limit",
        message=(
            f"the network ranks pixels well (a lesion pixel outranks another one in {area:.0%} of pairs), but the "
            f"decoder's logits form a grid of {grid} x {grid} cells, and the median lesion covers "
            f"{figures.lesion_cells:.1f} of them: upsampling mixes each logit with those of the skin around it, so "
            f"that few pixels pass {figures.test.threshold:g}. {_at_best_threshold(validation)}"
        ),
        advice="Try --threshold auto, which takes that threshold, or a larger --size, which makes the grid finer.",
        evidence=_ranking_evidence(figures, validation, area),
    )


def _threshold_too_high(figures: RunFigures, validation: ProbabilityRecord, area: float) -> Diagnosis:
    return Diagnosis(
        kind="threshold_too_high",
        message=(
            f"the network ranks pixels well (a lesion pixel outranks another one in {area:.0%} of pairs), but its "
            f"probabilities mostly stay below {figures.test.threshold:g}. {_at_best_threshold(validation)}"
        ),
        advice="Try --threshold auto, which takes that threshold, or more epochs.",
        evidence=_ranking_evidence(figures, validation, area),
    )


def _at_best_threshold(validation: ProbabilityRecord) -> str:
    best = best_threshold(validation.threshold_scores)
    return f"At the threshold {best.threshold:g} the validation images score Dice {best.dice:.4f}."


def _ranking_evidence(figures: RunFigures, validation: ProbabilityRecord, area: float) -> dict[str, float]:
    best = best_threshold(validation.threshold_scores)
    return {
        "roc_area": area,
        "lesion_cells": figures.lesion_cells,
        "best_threshold": best.threshold,
        "best_validation_dice": best.dice,
        "best_validation_iou": best.iou,
    }


def _central_range(validation: ProbabilityRecord) -> tuple[float, float]:
    """The probabilities below which 5% and 95% of all pixels lie, to a bin's width."""
    pixels = [lesion + other for lesion, other in zip(validation.positives, validation.negatives, strict=True)]
    return _quantile(pixels, 0.05), _quantile(pixels, 0.95)


def _quantile(counts: list[int], share: float) -> float:
    below = 0
    for place, count in enumerate(counts, start=1):
        below += count
        if below >= share * sum(counts):
            return place / len(counts)
    return 1.0


def _shares(figures: RunFigures) -> str:
    test = figures.test
    return f"{test.predicted_share:.2%} of the test pixels are predicted as lesion, {test.true_share:.2%} are."


def _loss_sentence(figures: RunFigures) -> str:
    prior = entropy(figures.test.true_share)
    if not figures.epochs:
        return f"A constant prediction at the lesions' share of the area would have the loss {prior:.4f}."
    scored, which = figures.scored, "best epoch's" if figures.config.keep == "best" else "last"
    loss = f"training loss is {scored.train_loss:.4f}"
    if figures.config.loss != "bce":  # of which that of validation alone is an entropy
        loss = f"validation loss is {scored.validation_loss:.4f}"
    return f"The {which} {loss}; a constant prediction at the lesions' share of the area would have {prior:.4f}."


def _evidence(figures: RunFigures) -> dict[str, float]:
    test = figures.test
    found = {
        "predicted_share": test.predicted_share,
        "true_share": test.true_share,
        "threshold": test.threshold,
        "prior_entropy": entropy(test.true_share),
    }
    if figures.epochs:
        found["train_loss"] = figures.scored.train_loss
        found["validation_loss"] = figures.scored.validation_loss
    return found
