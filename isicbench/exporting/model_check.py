"""Whether an exported network computes what the run's own network does, on the test images."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from isicbench.data.prepare import PreparedSplit
from isicbench.errors import ExportError
from isicbench.evaluation.metrics import Confusion, dice
from isicbench.exporting.model_files import Predict
from isicbench.models.segmenter import Segmenter
from isicbench.training.images import ColourTransform
from isicbench.training.inference import evaluating

TOLERANCE = 1e-4
"""Of a logit, as a share of the largest one where that is above 1: float32 has seven digits."""
DICE_TOLERANCE = 5e-4
"""Equal to three decimals."""
BATCH = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCheck:
    image_count: int
    largest_difference: float
    """Of any pixel's logit."""
    largest_logit: float
    dice: float
    """Mean over the test images, of the exported network."""
    torch_dice: float

    @property
    def holds(self) -> bool:
        tolerance = TOLERANCE * max(1.0, self.largest_logit)
        return self.largest_difference <= tolerance and abs(self.dice - self.torch_dice) < DICE_TOLERANCE

    def require(self) -> None:
        """Raises `ExportError` where the two differ by more than rounding."""
        if not self.holds:
            raise ExportError(
                f"the exported network differs from the run's: logits by up to {self.largest_difference:.1e} (largest "
                f"logit {self.largest_logit:.1f}), Dice {self.dice:.4f} for {self.torch_dice:.4f}",
                hint="Nothing was written. Try another --format.",
            )


def check_model(predict: Predict, segmenter: Segmenter, split: PreparedSplit, *, threshold: float) -> ModelCheck:
    """Both networks on every image of the split; the first image alone, so that a batch of one is among them."""
    cut = float(np.log(threshold / (1 - threshold)))
    colours = ColourTransform(mean=segmenter.encoder.mean, std=segmenter.encoder.std, device=torch.device("cpu"))
    differences: list[float] = []
    largest: list[float] = []
    scores: list[list[float]] = []
    for part in _parts(len(split.image_ids)):
        pixels = np.array(split.images[part])
        with evaluating(segmenter):
            expected = segmenter(colours.normalise(torch.from_numpy(pixels))).numpy()
        found = predict(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2), np.float32) / np.float32(255))
        differences.append(_largest(found - expected))
        largest.append(_largest(expected))
        scores += [
            [_dice(logits[0] > cut, mask) for logits in pair]
            for *pair, mask in zip(found, expected, split.masks[part], strict=True)
        ]
    means = np.mean(scores, axis=0)
    return ModelCheck(
        image_count=len(scores),
        largest_difference=float(np.max(differences)),
        largest_logit=float(np.max(largest)),
        dice=float(means[0]),
        torch_dice=float(means[1]),
    )


def _parts(count: int) -> Iterator[slice]:
    yield slice(0, 1)
    yield from (slice(start, start + BATCH) for start in range(1, count, BATCH))


def _largest(values: NDArray[np.float32]) -> float:
    """By absolute value; NaN where one is among them, which is below no tolerance."""
    return float(np.abs(values).max())


def _dice(predicted: NDArray[np.bool_], mask: NDArray[np.uint8]) -> float:
    return float(dice(Confusion.of_masks(predicted, mask.astype(bool)))[0])
