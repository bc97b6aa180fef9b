"""Probabilities counted into bins: every threshold's scores from one pass, in memory that does not grow with pixels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isicbench.evaluation.metrics import Confusion

BINS = 200
"""Equal bins from 0 to 1; bin i holds the probabilities p with i < BINS p <= i + 1, and the first one 0 as well."""

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Histograms:
    """Pixels by probability, `(N, BINS)` int64 each: one row an image."""

    positives: Counts
    """Lesion pixels."""
    negatives: Counts
    """Other pixels."""

    def confusion_above(self, first_bin: int) -> Confusion:
        """Pixel counts of the masks "p > first_bin / BINS", one entry an image."""
        hits, false_alarms = (counts[:, first_bin:].sum(axis=1) for counts in (self.positives, self.negatives))
        lesion, skin = self.positives.sum(axis=1), self.negatives.sum(axis=1)
        return Confusion(hits, false_alarms, lesion - hits, skin - false_alarms)


def join_histograms(parts: Sequence[Histograms]) -> Histograms:
    """Those of all parts' images, in order."""
    return Histograms(
        positives=np.concatenate([part.positives for part in parts]),
        negatives=np.concatenate([part.negatives for part in parts]),
    )


def count_probabilities(probabilities: NDArray[np.float32], masks: NDArray[np.uint8]) -> Histograms:
    """The histograms of `(N, h, w)` probabilities over `(N, h, w)` masks of 0 and 1."""
    rows = [_count_image(image, mask) for image, mask in zip(probabilities, masks, strict=True)]
    counts = np.stack(rows).reshape(len(rows), 2, BINS)
    return Histograms(positives=counts[:, 1], negatives=counts[:, 0])


def _count_image(probabilities: NDArray[np.float32], mask: NDArray[np.uint8]) -> Counts:
    bins = np.clip(np.ceil(probabilities * BINS) - 1, 0, BINS - 1).astype(np.int64)
    return np.bincount((bins + BINS * mask.astype(np.int64)).ravel(), minlength=2 * BINS)
