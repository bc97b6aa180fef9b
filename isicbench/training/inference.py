"""A segmenter's probabilities on resident images, and the pixel counts of its masks."""

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from isicbench.evaluation.metrics import Confusion
from isicbench.models.encoders import Features
from isicbench.models.engine import filled
from isicbench.models.segmenter import Segmenter
from isicbench.models.upsampling import upsample
from isicbench.training.images import ColourTransform, Images, slices
from isicbench.training.loss import softplus

INFERENCE_BATCH = 64
CUDA_INFERENCE_BATCH = 32
"""The training's usual batch, for which cuDNN has compiled its kernels already."""
KEPT_FEATURES_MIB = 256
"""A frozen encoder's features of a split are computed once and kept, up to this size."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one pass over a split found."""

    loss: float
    """Mean binary cross-entropy over all pixels."""
    confusion: Confusion


def measure(segmenter: Segmenter, data: Images, *, threshold: float) -> Measured:
    """Loss and pixel counts at the threshold, with the segmenter in evaluation mode; one synchronisation at the end."""
    return Measurement([segmenter], data).take([threshold])[0]


class Measurement:
    """A split to measure segmenters on, again and again; those of several share one frozen encoder."""

    def __init__(self, segmenters: Sequence[Segmenter], data: Images) -> None:
        self.segmenters = segmenters
        self.data = data
        self._kept: list[Features] | None = None

    def take(self, thresholds: Sequence[float]) -> list[Measured]:
        """Measure each segmenter as it is now, at its own threshold."""
        cuts = [math.log(threshold / (1 - threshold)) for threshold in thresholds]
        losses: list[Tensor] = []
        counts: list[Tensor] = []
        with ExitStack() as stack:
            for segmenter in self.segmenters:
                stack.enter_context(evaluating(segmenter))
            for features, part in zip(self._features(), inference_slices(self.data), strict=True):
                masks = self.data.masks_at(part)
                found = [
                    _measured_batch(segmenter, features, masks, cut=cut)
                    for segmenter, cut in zip(self.segmenters, cuts, strict=True)
                ]
                losses.append(torch.stack([loss for loss, _ in found]))
                counts.append(torch.stack([count for _, count in found]))
        means = (torch.stack(losses).sum(0) / (len(self.data) * math.prod(self.data.size))).tolist()
        confusions = torch.cat(counts, dim=1).cpu().numpy()
        return [Measured(loss, Confusion.from_columns(rows)) for loss, rows in zip(means, confusions, strict=True)]

    def _features(self) -> Iterable[Features]:
        if self._kept is not None:
            return self._kept
        segmenter = self.segmenters[0]
        if not segmenter.frozen or _features_mib(segmenter, self.data) > KEPT_FEATURES_MIB:
            return features_of(segmenter, self.data)
        self._kept = list(features_of(segmenter, self.data))
        return self._kept


def features_of(segmenter: Segmenter, data: Images) -> Iterator[Features]:
    """The encoder's features of each of `inference_slices`; on CUDA of black images after the last batch's own."""
    colours = _normalisation(segmenter, data)
    for part in inference_slices(data):
        yield segmenter.features(_network_input(colours, data, part))


def predict_probabilities(segmenter: Segmenter, data: Images) -> NDArray[np.float32]:
    """`(N, H, W)` probabilities at the network's resolution."""
    return np.concatenate(list(predicted_batches(segmenter, data)))


def predicted_batches(segmenter: Segmenter, data: Images) -> Iterator[NDArray[np.float32]]:
    """`(B, H, W)` probabilities of each of `inference_slices`."""
    colours = _normalisation(segmenter, data)
    for part in inference_slices(data):
        with evaluating(segmenter):
            grid = segmenter.grid(_network_input(colours, data, part))[: part.stop - part.start]
            probabilities = torch.sigmoid(upsample(grid, size=data.size))
        yield probabilities.cpu().numpy()


def inference_slices(data: Images) -> Iterator[slice]:
    """Consecutive images that go through the network at once."""
    return slices(len(data), inference_batch(data.device))


def inference_batch(device: torch.device) -> int:
    return CUDA_INFERENCE_BATCH if device.type == "cuda" else INFERENCE_BATCH


def _normalisation(segmenter: Segmenter, data: Images) -> ColourTransform:
    return ColourTransform(mean=segmenter.encoder.mean, std=segmenter.encoder.std, device=data.device)


def _network_input(colours: ColourTransform, data: Images, part: slice) -> Tensor:
    images = colours.normalise(data.images_at(part))
    return filled(images, CUDA_INFERENCE_BATCH) if data.device.type == "cuda" else images


def _measured_batch(segmenter: Segmenter, features: Features, masks: Tensor, *, cut: float) -> tuple[Tensor, Tensor]:
    """The summed loss, and `(B, 4)` pixel counts."""
    logits = upsample(segmenter.grid_of(features)[: len(masks)], size=masks.shape[-2:])
    loss = softplus(logits).sum(dtype=torch.float64) - (logits * masks).sum(dtype=torch.float64)
    return loss, count_pixels(logits > cut, masks.bool())


def _features_mib(segmenter: Segmenter, data: Images) -> float:
    height, width = data.size
    numbers = sum(
        level.channels * math.ceil(height / level.stride) * math.ceil(width / level.stride)
        for level in segmenter.encoder.levels
    )
    return len(data) * numbers * 4 / 2**20


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
