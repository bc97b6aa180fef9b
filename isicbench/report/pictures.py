"""Sample images beside their ground truth and each experiment's predicted mask."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from isicbench.records import SampleRecord
from isicbench.report.palette import GREY, ORANGE
from isicbench.report.predictions import Column, Mask, by_dataset, decode_picture, dice, predicted_mask, shared_samples
from isicbench.report.style import hide_frame, new_figure, png, report_style

EXPERIMENTS_A_PICTURE = 4
IMAGES_A_PICTURE = 6
_TILE_INCHES = 1.62


def prediction_pictures(columns: Sequence[Column]) -> list[bytes]:
    """PNGs with a row a sample image: image, ground truth, predicted masks; experiments of one dataset share them."""
    with report_style():
        return [
            _picture(members[start : start + EXPERIMENTS_A_PICTURE])
            for members in by_dataset(columns)
            for start in range(0, len(members), EXPERIMENTS_A_PICTURE)
        ]


def _picture(columns: Sequence[Column]) -> bytes:
    samples = shared_samples(columns, most=IMAGES_A_PICTURE)
    headings = max(column.heading.count("\n") + 1 for column in columns)
    height = len(samples) * (_TILE_INCHES + 0.17) + 0.17 * headings + 0.4
    figure = new_figure((2 + len(columns)) * (_TILE_INCHES + 0.06), height)
    grid = figure.subplots(len(samples), 2 + len(columns), squeeze=False)
    for row, sample in zip(grid, samples, strict=True):
        _draw_sample(row[0], row[1], sample)
        for axes, column in zip(row[2:], columns, strict=True):
            _draw_prediction(axes, column, sample.image_id)
    for axes, heading in zip(grid[0], ["Image", "Ground truth", *(c.heading for c in columns)], strict=True):
        axes.set_title(heading, loc="center", fontsize=8.5, linespacing=1.25)
    figure.supxlabel("Orange line: outline of the ground truth. Test images, at the network's input size.", fontsize=8)
    return png(figure)


def _draw_sample(image_axes: Axes, mask_axes: Axes, sample: SampleRecord) -> None:
    image, truth = decode_picture(sample.image_jpeg, mode="RGB"), decode_picture(sample.mask_png, mode="L") > 127
    _show(image_axes, image, caption=sample.image_id)
    _outline(image_axes, truth, shape=image.shape[:2])
    _show(mask_axes, _as_grey(truth), caption=f"lesion {truth.mean():.0%} of the image")


def _draw_prediction(axes: Axes, column: Column, image_id: str) -> None:
    if image_id not in column.sampled:
        hide_frame(axes)
        axes.text(0.5, 0.5, "not recorded", ha="center", va="center", color=GREY, fontsize=8, transform=axes.transAxes)
        return
    truth, mask, highest = predicted_mask(*column.sampled[image_id], threshold=column.threshold)
    caption = f"Dice {dice(truth, mask):.4f}"
    if not mask.any():
        caption += f" (highest p {highest:.2f})"
    _show(axes, _as_grey(mask), caption=caption)
    _outline(axes, truth, shape=mask.shape)


def _show(axes: Axes, picture: NDArray[np.uint8], *, caption: str) -> None:
    axes.imshow(picture, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    hide_frame(axes)
    axes.set_xlabel(caption, fontsize=7.5, labelpad=2.5)


def _outline(axes: Axes, truth: Mask, *, shape: tuple[int, ...]) -> None:
    if truth.any() and not truth.all():
        extent = (-0.5, shape[1] - 0.5, -0.5, shape[0] - 0.5)
        heights = truth.astype(np.float64)
        axes.contour(heights, levels=[0.5], colors=[ORANGE], linewidths=1.1, origin="lower", extent=extent)


def _as_grey(mask: Mask) -> NDArray[np.uint8]:
    # Not pure black and white: the picture's edge stays visible on a white page and on a dark one.
    return np.where(mask, 240, 34).astype(np.uint8)
