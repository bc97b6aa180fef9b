"""A segmenter's probabilities on resident images, and the pixel counts of its masks."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from isicbench.evaluation.metrics import Confusion
from isicbench.models.segmenter import Segmenter
from isicbench.training.images import ColourTransform, ResidentImages, slices

INFERENCE_BATCH = 64


@dataclass(frozen=True, slots=True)
class Measured:
    """What one pass over a split found."""

    loss: float
    """Mean binary cross-entropy over all pixels."""
    confusion: Confusion


def measure(segmenter: Segmenter, data: ResidentImages, *, threshold: float) -> Measured:
    """Loss and pixel counts at the threshold, with the segmenter in evaluation mode; one synchronisation at the end."""
    losses: list[Tensor] = []
    counts: list[Tensor] = []
    cut = _logit(threshold)
    with evaluating(segmenter):
        for logits, masks in _logits(segmenter, data):
            losses.append(functional.binary_cross_entropy_with_logits(logits, masks.float(), reduction="sum"))
            counts.append(count_pixels(logits > cut, masks.bool()))
    total = torch.stack(losses).sum() / data.masks.numel()
    return Measured(float(total), Confusion.from_columns(torch.cat(counts).cpu().numpy()))


def predict_probabilities(segmenter: Segmenter, data: ResidentImages) -> NDArray[np.float32]:
    """`(N, H, W)` probabilities at the network's resolution."""
    with evaluating(segmenter):
        parts = [torch.sigmoid(logits).cpu() for logits, _ in _logits(segmenter, data)]
    return torch.cat(parts).numpy()


def count_pixels(predicted: Tensor, true: Tensor) -> Tensor:
    """`(N, 4)` int64: true positives, false positives, false negatives, true negatives of `(N, H, W)` bool masks."""
    hits = (predicted & true).sum((1, 2))
    foreground, lesion = predicted.sum((1, 2)), true.sum((1, 2))
    pixels = true[0].numel()
    return torch.stack([hits, foreground - hits, lesion - hits, pixels - foreground - lesion + hits], dim=1)


@contextmanager
def evaluating(segmenter: Segmenter) -> Iterator[None]:
    """Evaluation mode without gradients; puts the segmenter back as it was."""
    was_training = segmenter.training
    segmenter.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        segmenter.train(was_training)


def _logits(segmenter: Segmenter, data: ResidentImages) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches of `(B, H, W)` logits and masks."""
    colours = ColourTransform(mean=segmenter.encoder.mean, std=segmenter.encoder.std, device=data.device)
    for part in slices(len(data), INFERENCE_BATCH):
        yield segmenter(colours.normalise(data.images[part]))[:, 0], data.masks[part]


def _logit(probability: float) -> float:
    return math.log(probability / (1 - probability))
