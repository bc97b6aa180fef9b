"""Overlap of a predicted mask with the true one, from pixel counts.

Conventions are those of the ISIC challenge's scorer: with both masks empty IoU and Dice are 1.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Scores = NDArray[np.float64]


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

    def total(self) -> "Confusion":
        """All images' pixels counted together: one entry."""
        return Confusion(*(counts.sum(keepdims=True) for counts in self.columns()))

    def columns(self) -> tuple[Counts, Counts, Counts, Counts]:
        return self.true_positives, self.false_positives, self.false_negatives, self.true_negatives

    @property
    def pixels(self) -> Counts:
        return self.true_positives + self.false_positives + self.false_negatives + self.true_negatives


def iou(confusion: Confusion) -> Scores:
    """Intersection over union (Jaccard 1901): TP / (TP + FP + FN); 1 where both masks are empty."""
    hits = confusion.true_positives
    return _ratio(hits, hits + confusion.false_positives + confusion.false_negatives)


def dice(confusion: Confusion) -> Scores:
    """Dice coefficient (Dice 1945): 2 TP / (2 TP + FP + FN); 1 where both masks are empty."""
    hits = 2 * confusion.true_positives
    return _ratio(hits, hits + confusion.false_positives + confusion.false_negatives)


def predicted_share(confusion: Confusion) -> float:
    """Share of all pixels that are predicted as foreground."""
    return float((confusion.true_positives + confusion.false_positives).sum() / confusion.pixels.sum())


def true_share(confusion: Confusion) -> float:
    """Share of all pixels that are foreground in the true masks."""
    return float((confusion.true_positives + confusion.false_negatives).sum() / confusion.pixels.sum())


def _ratio(numerator: Counts, denominator: Counts) -> Scores:
    """The quotient, 1 where the denominator is 0."""
    return np.divide(numerator, denominator, out=np.ones(len(numerator), np.float64), where=denominator != 0)
