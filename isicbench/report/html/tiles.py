"""One sample image with what each experiment makes of it: true and false positives, false negatives, outlines."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from isicbench.records import SampleRecord
from isicbench.report.html.outlines import outline
from isicbench.report.html.series import Series
from isicbench.report.predictions import Column, Mask, decode_picture, dice, predicted_mask

LARGEST_PX = 256
"""The longer side of a picture on the page; larger ones are made smaller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One experiment's prediction on one image, as paths in pixels of its own size."""

    label: str
    series: Series | None
    run_id: int
    seed: int
    scale: float
    """From the paths' pixels to those of the row, whose picture may be of another run's size."""
    dice: float
    highest: float
    """Highest probability of any pixel."""
    empty: bool
    """Nothing was predicted."""
    true_positive: str
    false_positive: str
    false_negative: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRow:
    """An image, `width` x `height` on the page, its truth, and a tile an experiment that has it."""

    image_id: str
    width: int
    height: int
    picture: str
    """A data URI."""
    truth: str
    lesion_share: float
    rank: str
    """Among all test images; empty where that is not known."""
    tiles: tuple[Tile, ...]
    tags: tuple[str, ...] = ()
    """What it is an example of."""

    @property
    def dice(self) -> float:
        return fmean(tile.dice for tile in self.tiles) if self.tiles else 0.0

    @property
    def spread(self) -> float:
        """Between the experiment that does best on it and the one that does worst."""
        scores = [tile.dice for tile in self.tiles]
        return max(scores) - min(scores) if scores else 0.0


def sample_row(
    sample: SampleRecord, columns: Sequence[Column], series: Mapping[str, Series], *, rank: str = ""
) -> SampleRow:
    """The image with the predictions of those columns that have it."""
    truth = decode_picture(sample.mask_png, mode="L") > 127
    small = _smaller(truth)
    return SampleRow(
        image_id=sample.image_id,
        width=small.shape[1],
        height=small.shape[0],
        picture=_data_uri(sample.image_jpeg),
        truth=outline(small),
        lesion_share=float(truth.mean()),
        rank=rank,
        tiles=tuple(
            _tile(column, sample.image_id, series.get(column.experiment.label), row_width=small.shape[1])
            for column in columns
            if sample.image_id in column.sampled
        ),
    )


def _tile(column: Column, image_id: str, series: Series | None, *, row_width: int) -> Tile:
    truth, predicted, highest = predicted_mask(*column.sampled[image_id], threshold=column.threshold)
    true, guess = _smaller(truth), _smaller(predicted)
    return Tile(
        label=column.experiment.label,
        series=series,
        run_id=column.outcome.run.id,
        seed=column.outcome.run.seed,
        scale=row_width / true.shape[1],
        dice=dice(truth, predicted),
        highest=highest,
        empty=not predicted.any(),
        true_positive=outline(true & guess),
        false_positive=outline(~true & guess),
        false_negative=outline(true & ~guess),
    )


def _smaller(mask: Mask) -> Mask:
    """At most `LARGEST_PX` on a side, by leaving out rows and columns."""
    step = -(-max(mask.shape) // LARGEST_PX)
    return mask[step // 2 :: step, step // 2 :: step]


def _data_uri(content: bytes) -> str:
    """The stored picture as it is, where it is small enough."""
    pixels = decode_picture(content, mode="RGB")
    kind = "png" if content.startswith(b"\x89PNG") else "jpeg"
    if max(pixels.shape) > LARGEST_PX:
        content, kind = _webp(pixels), "webp"
    return f"data:image/{kind};base64,{b64encode(content).decode()}"


def _webp(pixels: NDArray[np.uint8]) -> bytes:
    image = Image.fromarray(pixels)
    image.thumbnail((LARGEST_PX, LARGEST_PX), Image.Resampling.BILINEAR)
    buffer = BytesIO()
    image.save(buffer, "WEBP", quality=82)
    return buffer.getvalue()
