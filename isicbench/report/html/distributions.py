"""How an experiment's test images are spread over Dice: a histogram, and quartiles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isicbench.report.comparison_scores import ExperimentScores
from isicbench.report.html.axes import coordinate
from isicbench.report.html.series import Series
from isicbench.report.wording import count, figure

BINS = 20
WIDTH, BAR_HEIGHT, INSET = 320, 34, 6
LOW_DICE = 0.5
"""Images below it are counted apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    x: str
    width: str
    y: str
    height: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """Each image counts once, with its mean over seeds."""

    label: str
    series: Series | None
    bars: tuple[Bar, ...]
    quartiles: tuple[float, float, float, float, float]
    """Lowest, lower quartile, median, upper quartile, highest."""
    low_share: float
    """Share of images whose Dice is below `LOW_DICE`."""
    image_count: int

    @property
    def places(self) -> list[str]:
        """Where the quartiles lie in the drawing."""
        return [coordinate(_place(value)) for value in self.quartiles]

    @property
    def cells(self) -> list[str]:
        return [figure(value) for value in self.quartiles]


def distributions(scores: Sequence[ExperimentScores], series: Mapping[str, Series]) -> list[Distribution]:
    """One an experiment that has an image with a score of every seed."""
    images = {one.label: image_means(one) for one in scores}
    return [
        Distribution(
            label=label,
            series=series.get(label),
            bars=tuple(_bars(np.histogram(values, bins=BINS, range=(0, 1))[0].tolist())),
            quartiles=_quartiles(values),
            low_share=float(np.mean(values < LOW_DICE)),
            image_count=len(values),
        )
        for label, values in images.items()
        if len(values)
    ]


def image_means(scores: ExperimentScores) -> NDArray[np.float64]:
    """Means over seeds of the images that have a score of each."""
    complete: NDArray[np.float64] = scores.scores[:, np.isfinite(scores.scores).all(axis=0)]
    means: NDArray[np.float64] = complete.mean(axis=0)
    return means


def _quartiles(values: NDArray[np.float64]) -> tuple[float, float, float, float, float]:
    lowest, lower, median, upper, highest = (float(value) for value in np.quantile(values, (0, 0.25, 0.5, 0.75, 1)))
    return lowest, lower, median, upper, highest


def _bars(counts: Sequence[int]) -> list[Bar]:
    """Those that hold an image, the highest of full height."""
    bars = []
    for number, images in enumerate(counts):
        if images:
            height = max(1.0, BAR_HEIGHT * images / max(counts))
            start, end = _place(number / BINS), _place((number + 1) / BINS)
            bars.append(
                Bar(
                    x=coordinate(start + 0.5),
                    width=coordinate(end - start - 1),
                    y=coordinate(BAR_HEIGHT - height),
                    height=coordinate(height),
                    title=f"Dice {number / BINS:.2f} to {(number + 1) / BINS:.2f}: {count(images, 'image')}",
                )
            )
    return bars


def _place(value: float) -> float:
    return INSET + value * (WIDTH - 2 * INSET)
