"""Pictures of a dataset's images with their masks, and the table of their sizes."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from isicbench.data.dataset import Dataset, Pair
from isicbench.data.images import ImageFileError, read_full_image, read_full_mask, read_size
from isicbench.data.threads import map_in_order
from isicbench.errors import DataError

COLUMNS = 4
SHOWN_PX = 480
"""The longer side of a shown image."""

CONTOUR_COLOUR = "#56B4E9"
TEXT_COLOUR = "#404040"
TITLE_POINTS = 8.5

Split = Literal["train", "validation", "test"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeCount:
    """How many images of a split have this size."""

    split: str
    width: int
    height: int
    count: int


def size_table(dataset: Dataset) -> list[SizeCount]:
    """Sizes of the image files by split, the most frequent first. Raises `DataError` for an unreadable file."""
    rows = []
    for split, pairs in dataset.splits:
        counts = Counter(map_in_order(_size, pairs))
        rows += [
            SizeCount(split=split, width=width, height=height, count=count)
            for (width, height), count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        ]
    return rows


def draw_samples(dataset: Dataset, path: Path, *, split: Split = "train", count: int = 8) -> Path:
    """Write a PNG of `count` images, evenly spread over the split, with their masks' outlines.

    Raises `DataError` for an unreadable file or a path that cannot be written.
    """
    every = dict(dataset.splits).get(split, ())
    if not every:
        raise DataError(f"{dataset.name} has no {split} images", hint="Name another --split.")
    pairs = _spread(every, count)
    rows = -(-len(pairs) // COLUMNS)
    columns = min(COLUMNS, len(pairs))
    figure = Figure(figsize=(3.4 * columns, 2.95 * rows + 0.5), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
        axes.set_anchor("N")
    for axes, pair in zip(grid.flat, pairs, strict=False):
        _draw_pair(axes, pair)
    figure.suptitle(f"{dataset.name}, {split}: {len(pairs)} of {len(every)} images")
    return save_png(figure, path)


def _spread(pairs: tuple[Pair, ...], count: int) -> list[Pair]:
    if count < 1:
        raise DataError(f"{count} images to show: at least 1 is needed", hint="See: isicbench data show --help")
    places = np.linspace(0, len(pairs) - 1, min(count, len(pairs))).round().astype(int)
    return [pairs[place] for place in places]


def _draw_pair(axes: Axes, pair: Pair) -> None:
    image, mask = _read(pair)
    height, width = mask.shape
    axes.imshow(shrink(image))
    draw_outline(axes, shrink(mask * np.uint8(255)))
    title = f"{pair.image_id}\n{width}x{height}, lesion {100 * mask.mean():.1f}%"
    axes.set_title(title, fontsize=TITLE_POINTS, color=TEXT_COLOUR)


def draw_outline(axes: Axes, mask: NDArray[np.uint8]) -> None:
    """The outline of a `(H, W)` mask of 0 and 255, if it has one, over the picture in `axes`."""
    if mask.min() < 128 <= mask.max():
        axes.contour(mask, levels=[127.5], colors="white", linewidths=2.6, alpha=0.7)
        axes.contour(mask, levels=[127.5], colors=CONTOUR_COLOUR, linewidths=1.4)


def _read(pair: Pair) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    path = pair.mask
    try:
        mask = read_full_mask(path)
        path = pair.image
        image = read_full_image(path, mask_size=(mask.shape[1], mask.shape[0]))
    except ImageFileError as error:
        raise _unreadable(path, error) from error
    if image.shape[:2] != mask.shape:
        raise _unreadable(pair.mask, ImageFileError("is not of its image's size"))
    return image, mask


def _size(pair: Pair) -> tuple[int, int]:
    try:
        return read_size(pair.image)
    except ImageFileError as error:
        raise _unreadable(pair.image, error) from error


def _unreadable(path: Path, error: ImageFileError) -> DataError:
    return DataError(f"{path}: {error}", hint="To check all files: isicbench data verify")


def shrink(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pixels scaled down so that the longer side is at most `SHOWN_PX`."""
    image = Image.fromarray(pixels)
    image.thumbnail((SHOWN_PX, SHOWN_PX), Image.Resampling.BILINEAR)
    return np.asarray(image)


def save_png(figure: Figure, path: Path) -> Path:
    """Write the figure whole or not at all; raises `DataError` where it cannot be written."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(partial, format="png")
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise DataError(f"{path} cannot be written: {error.strerror or error}", hint="Name another file.") from error
    return path
