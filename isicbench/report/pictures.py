"""Sample images beside their ground truth and each experiment's predicted mask."""

import textwrap
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray
from PIL import Image

from isicbench.errors import StoreError
from isicbench.records import PredictionRecord, SampleRecord
from isicbench.report.experiments import Experiment, Outcome
from isicbench.report.source import ReportSource
from isicbench.report.style import (
    COLUMN_INCHES,
    GREY,
    ORANGE,
    SCREEN,
    Sheet,
    hide_frame,
    new_figure,
    picture,
    report_style,
)

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

Mask = NDArray[np.bool_]
Sampled = tuple[SampleRecord, PredictionRecord]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One experiment's predictions in a picture, all from one run."""

    experiment: Experiment
    outcome: Outcome
    sampled: Mapping[str, Sampled]

    @property
    def heading(self) -> str:
        lines = textwrap.wrap(self.experiment.label, 19)[:4]
        run = self.outcome.run
        return "\n".join([*lines, f"run {run.id}, seed {run.seed}"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """What there is to draw: the columns, and the labels of experiments that have no predictions yet."""

    columns: tuple[Column, ...]
    without: tuple[str, ...]


def read_predictions(source: ReportSource, experiments: Sequence[Experiment]) -> Predictions:
    """Each experiment's predictions from its first seed that has any, completed runs first.

    Two questions to the source, however many experiments there are, and the pictures of one run an experiment.
    """
    drawable = source.runs_with_predictions([o.run.id for experiment in experiments for o in experiment.leading])
    chosen = [(experiment, _drawn_outcome(experiment, drawable)) for experiment in experiments]
    sampled = source.predictions([outcome.run.id for _, outcome in chosen if outcome])
    return Predictions(
        columns=tuple(
            Column(experiment=experiment, outcome=outcome, sampled=_by_image(sampled[outcome.run.id]))
            for experiment, outcome in chosen
            if outcome
        ),
        without=tuple(experiment.label for experiment, outcome in chosen if outcome is None),
    )


def prediction_pictures(columns: Sequence[Column], sheet: Sheet = SCREEN) -> list[bytes]:
    """Pictures with a row a sample: image, ground truth, predicted masks; experiments of one dataset share them."""
    most = EXPERIMENTS_A_COLUMN if sheet.is_column else EXPERIMENTS_A_PICTURE
    with report_style(sheet):
        return [
            _picture(members[start : start + most], sheet)
            for members in _by_dataset(columns)
            for start in range(0, len(members), most)
        ]


def predicted_mask(sample: SampleRecord, prediction: PredictionRecord, *, threshold: float) -> tuple[Mask, Mask, float]:
    """The true mask, the predicted one (probability above the threshold), both (H, W), and the highest probability."""
    truth = _decode(sample.mask_png, mode="L") > 127
    image = Image.open(BytesIO(prediction.probabilities_png)).convert("L")
    if image.size != (truth.shape[1], truth.shape[0]):
        image = image.resize((truth.shape[1], truth.shape[0]), Image.Resampling.BILINEAR)
    probabilities = np.asarray(image, dtype=np.float64) / 255
    return truth, probabilities > threshold, float(probabilities.max())


def dice(truth: Mask, predicted: Mask) -> float:
    """Dice of two masks; 1 where both are empty, as in the challenge's scorer."""
    total = int(truth.sum()) + int(predicted.sum())
    return 2 * int((truth & predicted).sum()) / total if total else 1.0


def _drawn_outcome(experiment: Experiment, drawable: Set[int]) -> Outcome | None:
    in_order = sorted(experiment.leading, key=lambda outcome: not outcome.counted)
    return next((outcome for outcome in in_order if outcome.run.id in drawable), None)


def _by_image(sampled: Sequence[Sampled]) -> dict[str, Sampled]:
    return {sample.image_id: (sample, prediction) for sample, prediction in sampled}


def _by_dataset(columns: Sequence[Column]) -> list[list[Column]]:
    groups: dict[tuple[str, str], list[Column]] = {}
    for column in columns:
        config = column.experiment.config
        groups.setdefault((config.dataset, config.dataset_fingerprint), []).append(column)
    return list(groups.values())


def _picture(columns: Sequence[Column], sheet: Sheet) -> bytes:
    samples = _shared_samples(columns)
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


def _shared_samples(columns: Sequence[Column]) -> list[SampleRecord]:
    """The same images for every column: those that most of them have, in the first one's order."""
    found: dict[str, SampleRecord] = {}
    for column in columns:
        for image_id, (sample, _) in column.sampled.items():
            found.setdefault(image_id, sample)
    everywhere = [image_id for image_id in found if all(image_id in column.sampled for column in columns)]
    chosen = (everywhere or list(found))[:IMAGES_A_PICTURE]
    return [found[image_id] for image_id in chosen]


def _draw_sample(image_axes: Axes, mask_axes: Axes, sample: SampleRecord, look: _Look) -> None:
    image, truth = _decode(sample.image_jpeg, mode="RGB"), _decode(sample.mask_png, mode="L") > 127
    _show(image_axes, image, caption=sample.image_id, look=look)
    _outline(image_axes, truth, shape=image.shape[:2], look=look)
    _show(mask_axes, _as_grey(truth), caption=look.lesion.format(truth.mean()), look=look)


def _draw_prediction(axes: Axes, column: Column, image_id: str, look: _Look) -> None:
    if image_id not in column.sampled:
        hide_frame(axes)
        axes.text(0.5, 0.5, "not recorded", ha="center", va="center", color=GREY, fontsize=8, transform=axes.transAxes)
        return
    evaluation = column.outcome.evaluation
    threshold = evaluation.threshold if evaluation else column.experiment.config.threshold
    truth, mask, highest = predicted_mask(*column.sampled[image_id], threshold=threshold)
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


def _decode(content: bytes, *, mode: str) -> NDArray[np.uint8]:
    try:
        return np.asarray(Image.open(BytesIO(content)).convert(mode), dtype=np.uint8)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise StoreError(
            f"a picture in the database cannot be decoded ({type(error).__name__})",
            hint="See what else is damaged: isicbench db check. Then take the last backup.",
        ) from error
