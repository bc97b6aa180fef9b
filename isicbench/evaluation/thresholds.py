"""Scores at every threshold, and the choice of one. Only validation images may be looked at to choose."""

from collections.abc import Sequence

import numpy as np

from isicbench.evaluation.histograms import BINS, Histograms
from isicbench.evaluation.metrics import dice, iou
from isicbench.records import ProbabilityRecord, ThresholdScore

STEPS = 100
"""Thresholds stand at 1/100, 2/100 ... 99/100; each is the edge of a bin, so the scores are exact."""


def threshold_scores(histograms: Histograms) -> tuple[ThresholdScore, ...]:
    """Mean IoU and Dice over images at each threshold, in ascending order."""
    scores = []
    for step in range(1, STEPS):
        confusion = histograms.confusion_above(step * BINS // STEPS)
        mean_iou, mean_dice = float(np.mean(iou(confusion))), float(np.mean(dice(confusion)))
        scores.append(ThresholdScore(threshold=step / STEPS, iou=mean_iou, dice=mean_dice))
    return tuple(scores)


def best_threshold(scores: Sequence[ThresholdScore]) -> ThresholdScore:
    """The one with the highest mean Dice; of equal ones the nearest to one half."""
    return max(scores, key=lambda score: (score.dice, -abs(score.threshold - 0.5)))


def probability_record(histograms: Histograms, *, split: str, dataset_fingerprint: str) -> ProbabilityRecord:
    """What the database keeps: the histogram of all images together, and the scores at each threshold."""
    return ProbabilityRecord(
        split=split,
        dataset_fingerprint=dataset_fingerprint,
        positives=tuple(histograms.positives.sum(axis=0).tolist()),
        negatives=tuple(histograms.negatives.sum(axis=0).tolist()),
        threshold_scores=threshold_scores(histograms),
    )
