"""A few test images as small pictures, chosen so that every run on the same data shows the same ones."""

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from isicbench.data.prepare import PreparedSplit
from isicbench.records import SampleRecord

SAMPLE_COUNT = 6


def choose_samples(split: PreparedSplit, *, count: int = SAMPLE_COUNT) -> NDArray[np.int64]:
    """Positions of images whose lesions range evenly from the smallest to the largest of the split."""
    shares = split.masks.mean(axis=(1, 2))
    by_share = np.lexsort((np.array(split.image_ids), shares))
    ranks = (np.arange(min(count, len(by_share))) + 0.5) / min(count, len(by_share)) * len(by_share)
    return by_share[ranks.astype(np.int64)]


def telling_samples(dice: Sequence[float]) -> NDArray[np.int64]:
    """Positions of the images with the highest, the middle and the lowest Dice; of equal ones the first."""
    ranked = np.argsort(-np.asarray(dice), kind="stable")
    return ranked[[0, len(ranked) // 2, len(ranked) - 1]] if len(ranked) else ranked


def sample_records(split: PreparedSplit, chosen: Sequence[int] | NDArray[np.int64]) -> list[SampleRecord]:
    """The chosen images and their masks at the prepared size."""
    return [
        SampleRecord(
            image_id=split.image_ids[i],
            size_px=split.images.shape[1],
            image_jpeg=_encode(np.asarray(split.images[i]), "JPEG"),
            mask_png=_encode(np.asarray(split.masks[i]) * np.uint8(255), "PNG"),
        )
        for i in chosen
    ]


def probabilities_png(probabilities: NDArray[np.float32]) -> bytes:
    """`(H, W)` probabilities as an 8-bit grey PNG; 255 is probability 1."""
    return _encode(np.rint(probabilities * 255).astype(np.uint8), "PNG")


def _encode(pixels: NDArray[np.uint8], kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **({"quality": 90} if kind == "JPEG" else {"optimize": True}))
    return buffer.getvalue()
