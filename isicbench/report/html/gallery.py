"""Sample images with what each experiment makes of them: true and false positives, false negatives, outlines."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from isicbench.records import SampleRecord
from isicbench.report.html.outlines import outline
from isicbench.report.html.ranks import Ranks
from isicbench.report.html.series import Series
from isicbench.report.predictions import Column, Mask, by_dataset, decode_picture, dice, predicted_mask, shared_samples

IMAGES = 6
EXPERIMENTS = 8
"""Of one dataset; of more, those with the highest Dice on these images."""
LARGEST_PX = 256
"""The longer side of a picture on the page; larger ones are made smaller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One experiment's prediction on one image; the paths are in pixels of the row's `width` and `height`."""

    label: str
    series: Series | None
    run_id: int
    seed: int
    dice: float
    highest: float
    """Highest probability of any pixel."""
    empty: bool
    """Nothing was predicted."""
    true_positive: str
    false_positive: str
    false_negative: str
    predicted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryRow:
    image_id: str
    width: int
    height: int
    picture: str
    """A data URI."""
    truth: str
    lesion_share: float
    rank: str
    """Among all test images; empty where that is not known."""
    tags: tuple[str, ...]
    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    """The sample images of one dataset, the best predicted first."""

    dataset: str
    rows: tuple[GalleryRow, ...]
    left_out: int
    """Experiments with predictions that are not shown."""


def galleries(columns: Sequence[Column], series: Mapping[str, Series], ranks: Ranks) -> list[Gallery]:
    """One a dataset."""
    return [_gallery(members, series, ranks) for members in by_dataset(columns)]


def _gallery(columns: Sequence[Column], series: Mapping[str, Series], ranks: Ranks) -> Gallery:
    samples = shared_samples(columns, most=IMAGES)
    best = sorted(columns, key=lambda column: -_mean_dice(column, samples))[:EXPERIMENTS]
    shown = [column for column in columns if column in best]
    fingerprint = columns[0].experiment.config.dataset_fingerprint
    rows = [_row(sample, shown, series, rank=ranks.get((fingerprint, sample.image_id), "")) for sample in samples]
    ordered = sorted(rows, key=lambda row: -_row_dice(row))
    return Gallery(
        dataset=columns[0].experiment.config.dataset,
        rows=tuple(_tagged(ordered)),
        left_out=len(columns) - len(shown),
    )


def _mean_dice(column: Column, samples: Sequence[SampleRecord]) -> float:
    masks = [
        predicted_mask(*column.sampled[sample.image_id], threshold=column.threshold)
        for sample in samples
        if sample.image_id in column.sampled
    ]
    return fmean(dice(truth, predicted) for truth, predicted, _ in masks) if masks else 0.0


def _row(sample: SampleRecord, columns: Sequence[Column], series: Mapping[str, Series], *, rank: str) -> GalleryRow:
    truth = decode_picture(sample.mask_png, mode="L") > 127
    small = _smaller(truth)
    return GalleryRow(
        image_id=sample.image_id,
        width=small.shape[1],
        height=small.shape[0],
        picture=_data_uri(sample.image_jpeg),
        truth=outline(small),
        lesion_share=float(truth.mean()),
        rank=rank,
        tags=(),
        tiles=tuple(_tile(c, sample.image_id, series.get(c.experiment.label)) for c in columns if _has(c, sample)),
    )


def _has(column: Column, sample: SampleRecord) -> bool:
    return sample.image_id in column.sampled


def _tile(column: Column, image_id: str, series: Series | None) -> Tile:
    truth, predicted, highest = predicted_mask(*column.sampled[image_id], threshold=column.threshold)
    true, guess = _smaller(truth), _smaller(predicted)
    return Tile(
        label=column.experiment.label,
        series=series,
        run_id=column.outcome.run.id,
        seed=column.outcome.run.seed,
        dice=dice(truth, predicted),
        highest=highest,
        empty=not predicted.any(),
        true_positive=outline(true & guess),
        false_positive=outline(~true & guess),
        false_negative=outline(true & ~guess),
        predicted=outline(guess),
    )


def _row_dice(row: GalleryRow) -> float:
    return fmean(tile.dice for tile in row.tiles) if row.tiles else 0.0


def _spread(row: GalleryRow) -> float:
    scores = [tile.dice for tile in row.tiles]
    return max(scores) - min(scores) if scores else 0.0


def _tagged(rows: Sequence[GalleryRow]) -> list[GalleryRow]:
    """The rows, best first, with what they are examples of."""
    if len(rows) < 3:
        return list(rows)
    tags: dict[int, list[str]] = {0: ["best"], len(rows) // 2: ["median"], len(rows) - 1: ["worst"]}
    widest = max(range(len(rows)), key=lambda place: _spread(rows[place]))
    if _spread(rows[widest]) > 0:
        tags.setdefault(widest, []).append("largest disagreement")
    return [replace(row, tags=tuple(tags.get(place, ()))) for place, row in enumerate(rows)]


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
