"""Sample images beside their ground truth and each experiment's predicted mask."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from isicbench.records import SampleRecord
from isicbench.report.palette import GREY, ORANGE
from isicbench.report.predictions import Column, Mask, by_dataset, decode_picture, dice, predicted_mask, shared_samples
from isicbench.report.style import COLUMN_INCHES, SCREEN, Sheet, hide_frame, new_figure, picture, report_style

EXPERIMENTS_A_PICTURE = 4
IMAGES_A_PICTURE = 6
EXPERIMENTS_A_COLUMN = 2
_TILE_INCHES = 1.62


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """Sizes of letters and lines, and how much is said, for tiles of one width."""

    title_points: float
    caption_points: float
    caption_inches: float
    outline_points: float
    characters: int
    """Of a line above a tile."""
    legend: str
    lesion: str
    collapsed: str
    """What stands after the Dice of an empty mask."""


_PAGE_LOOK = _Look(
    title_points=8.5,
    caption_points=7.5,
    caption_inches=0.17,
    outline_points=1.1,
    characters=19,
    legend="Orange line: outline of the ground truth. Test images, at the network's input size.",
    lesion="lesion {:.0%} of the image",
    collapsed=" (highest p {:.2f})",
)
_COLUMN_LOOK = _Look(
    title_points=6.5,
    caption_points=6.0,
    caption_inches=0.22,
    outline_points=0.7,
    characters=15,
    legend="Orange line: outline of the ground truth.\nTest images, at the network's input size.",
    lesion="lesion {:.0%}",
    collapsed="\nhighest p {:.2f}",
)


def prediction_pictures(columns: Sequence[Column], sheet: Sheet = SCREEN) -> list[bytes]:
    """Pictures with a row a sample: image, ground truth, predicted masks; experiments of one dataset share them."""
    most = EXPERIMENTS_A_COLUMN if sheet.is_column else EXPERIMENTS_A_PICTURE
    with report_style(sheet):
        return [
            _picture(members[start : start + most], sheet)
            for members in by_dataset(columns)
            for start in range(0, len(members), most)
        ]


def _picture(columns: Sequence[Column], sheet: Sheet) -> bytes:
    samples = shared_samples(columns, most=IMAGES_A_PICTURE)
    look = _COLUMN_LOOK if sheet.is_column else _PAGE_LOOK
    titles = ["Image", "Ground truth", *(_rewrapped(column.heading, look.characters) for column in columns)]
    tile = COLUMN_INCHES / (2 + len(columns)) - 0.06 if sheet.is_column else _TILE_INCHES
    line = look.title_points / 50
    title_lines = max(title.count("\n") + 1 for title in titles)
    height = len(samples) * (tile + look.caption_inches) + line * title_lines + 0.4
    figure = new_figure((2 + len(columns)) * (tile + 0.06), height)
    grid = figure.subplots(len(samples), 2 + len(columns), squeeze=False)
    for row, sample in zip(grid, samples, strict=True):
        _draw_sample(row[0], row[1], sample, look)
        for axes, column in zip(row[2:], columns, strict=True):
            _draw_prediction(axes, column, sample.image_id, look)
    for axes, title in zip(grid[0], titles, strict=True):
        axes.set_title(title, loc="center", fontsize=look.title_points, linespacing=1.25)
    figure.supxlabel(look.legend, fontsize=look.title_points - 0.5)
    return picture(figure, sheet)


def _rewrapped(heading: str, characters: int) -> str:
    """A column's heading in lines that are no longer; the last one, of run and seed, stays a line of its own."""
    *label, run = heading.split("\n")
    return "\n".join([*textwrap.wrap(" ".join(label), characters)[:5], run])


def _draw_sample(image_axes: Axes, mask_axes: Axes, sample: SampleRecord, look: _Look) -> None:
    image, truth = decode_picture(sample.image_jpeg, mode="RGB"), decode_picture(sample.mask_png, mode="L") > 127
    _show(image_axes, image, caption=sample.image_id, look=look)
    _outline(image_axes, truth, shape=image.shape[:2], look=look)
    _show(mask_axes, _as_grey(truth), caption=look.lesion.format(truth.mean()), look=look)


def _draw_prediction(axes: Axes, column: Column, image_id: str, look: _Look) -> None:
    if image_id not in column.sampled:
        hide_frame(axes)
        axes.text(0.5, 0.5, "not recorded", ha="center", va="center", color=GREY, fontsize=8, transform=axes.transAxes)
        return
    truth, mask, highest = predicted_mask(*column.sampled[image_id], threshold=column.threshold)
    caption = f"Dice {dice(truth, mask):.4f}"
    if not mask.any():
        caption += look.collapsed.format(highest)
    _show(axes, _as_grey(mask), caption=caption, look=look)
    _outline(axes, truth, shape=mask.shape, look=look)


def _show(axes: Axes, pixels: NDArray[np.uint8], *, caption: str, look: _Look) -> None:
    axes.imshow(pixels, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    hide_frame(axes)
    axes.set_xlabel(caption, fontsize=look.caption_points, labelpad=2.5)


def _outline(axes: Axes, truth: Mask, *, shape: tuple[int, ...], look: _Look) -> None:
    if truth.any() and not truth.all():
        extent = (-0.5, shape[1] - 0.5, -0.5, shape[0] - 0.5)
        heights = truth.astype(np.float64)
        axes.contour(
            heights, levels=[0.5], colors=[ORANGE], linewidths=look.outline_points, origin="lower", extent=extent
        )


def _as_grey(mask: Mask) -> NDArray[np.uint8]:
    # Not pure black and white: the picture's edge stays visible on a white page and on a dark one.
    return np.where(mask, 240, 34).astype(np.uint8)
