"""Overlap of a predicted mask with the true one, from pixel counts.

TP, FP, FN and TN are an image's true positive, false positive, false negative and true negative pixels. Conventions
are those of the ISIC challenge's official scorer (the package `isic-challenge-scoring`): a score without a denominator
is 1, and a figure for a split is the mean over its images.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Scores = NDArray[np.float64]

FAILED_BELOW_IOU = 0.65
"""An image whose IoU is below it counts as failed in `thresholded_iou`."""


@dataclass(frozen=True, slots=True)
class Confusion:
    """Pixel counts, one entry an image: `(N,)` int64 each."""

    true_positives: Counts
    false_positives: Counts
    false_negatives: Counts
    true_negatives: Counts

    @classmethod
    def from_columns(cls, columns: NDArray[np.int64]) -> Self:
        """From an `(N, 4)` array of true positives, false positives, false negatives, true negatives."""
        return cls(*columns.astype(np.int64).T)

    @classmethod
    def of_masks(cls, predicted: NDArray[np.bool_], true: NDArray[np.bool_]) -> Self:
        """Of one image, from its `(H, W)` bool masks."""
        hits = int(np.count_nonzero(predicted & true))
        foreground, lesion = int(np.count_nonzero(predicted)), int(np.count_nonzero(true))
        rest = true.size - foreground - lesion + hits
        return cls.from_columns(np.array([[hits, foreground - hits, lesion - hits, rest]]))

    @classmethod
    def joined(cls, parts: Sequence["Confusion"]) -> Self:
        """The images of all parts, in order."""
        return cls(*(np.concatenate(counts) for counts in zip(*(part.columns() for part in parts), strict=True)))

    def total(self) -> "Confusion":
        """All images' pixels counted together: one entry."""
        return Confusion(*(counts.sum(keepdims=True) for counts in self.columns()))

    def columns(self) -> tuple[Counts, Counts, Counts, Counts]:
        return self.true_positives, self.false_positives, self.false_negatives, self.true_negatives

    @property
    def pixels(self) -> Counts:
        return self.true_positives + self.false_positives + self.false_negatives + self.true_negatives


def iou(confusion: Confusion) -> Scores:
    """Intersection over union, TP / (TP + FP + FN) (Jaccard 1901; `jaccard` of the official scorer).

    Both masks empty: 1. One of them empty: 0.
    """
    hits = confusion.true_positives
    return _ratio(hits, hits + confusion.false_positives + confusion.false_negatives)


def dice(confusion: Confusion) -> Scores:
    """Dice coefficient, 2 TP / (2 TP + FP + FN) (Dice 1945; `dice` of the official scorer).

    Both masks empty: 1. One of them empty: 0.
    """
    hits = 2 * confusion.true_positives
    return _ratio(hits, hits + confusion.false_positives + confusion.false_negatives)


def sensitivity(confusion: Confusion) -> Scores:
    """Share of the lesion that is found, TP / (TP + FN) (`sensitivity` of the official scorer; also called recall).

    Empty true mask: 1, whatever is predicted. Empty predicted mask only: 0.
    """
    return _ratio(confusion.true_positives, confusion.true_positives + confusion.false_negatives)


def specificity(confusion: Confusion) -> Scores:
    """Share of the background that is left alone, TN / (TN + FP) (`specificity` of the official scorer).

    True mask without background: 1, whatever is predicted. Empty predicted mask: 1.
    """
    return _ratio(confusion.true_negatives, confusion.true_negatives + confusion.false_positives)


def accuracy(confusion: Confusion) -> Scores:
    """Share of pixels that are told rightly, (TP + TN) / (TP + FP + FN + TN) (`accuracy` of the official scorer).

    Both masks empty: 1. An image always has pixels, so the denominator is never 0.
    """
    return _ratio(confusion.true_positives + confusion.true_negatives, confusion.pixels)


def precision(confusion: Confusion) -> Scores:
    """Share of the predicted area that is lesion, TP / (TP + FP).

    The official scorer has no precision for masks. Empty predicted mask: 1, as its classification scorer does for the
    same quotient (`binary_ppv`) and as its other scores without a denominator do: nothing was called lesion wrongly.
    A predictor of nothing thus has precision 1, so the figure is read beside sensitivity, which is then 0.
    """
    return _ratio(confusion.true_positives, confusion.true_positives + confusion.false_positives)


def thresholded_iou(confusion: Confusion) -> Scores:
    """IoU, or 0 where it is below 0.65 (the challenge's ranking score since 2018; `threshold_jaccard`).

    Codella et al. 2019, arXiv:1902.03368: below 0.65 a segmentation counts as failed. Both masks empty: 1.
    """
    scores = iou(confusion)
    return np.where(scores >= FAILED_BELOW_IOU, scores, 0.0)


def predicted_share(confusion: Confusion) -> float:
    """Share of all pixels that are predicted as foreground."""
    return float((confusion.true_positives + confusion.false_positives).sum() / confusion.pixels.sum())


def true_share(confusion: Confusion) -> float:
    """Share of all pixels that are foreground in the true masks."""
    return float((confusion.true_positives + confusion.false_negatives).sum() / confusion.pixels.sum())


def _ratio(numerator: Counts, denominator: Counts) -> Scores:
    """The quotient, 1 where the denominator is 0."""
    return np.divide(numerator, denominator, out=np.ones(len(numerator), np.float64), where=denominator != 0)
