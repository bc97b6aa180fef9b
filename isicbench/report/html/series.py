"""The experiments that are drawn, each in one style in every chart of the page."""

from collections.abc import Sequence
from dataclasses import dataclass

from isicbench.report.contents import ReportContents
from isicbench.report.epoch_series import drawn_states
from isicbench.report.experiments import Experiment
from isicbench.report.palette import COLOURS, DASHES, MARKERS, line_style

DRAWN = len(COLOURS) * len(DASHES)
"""Experiments; so many styles differ."""
SHOWN_AT_FIRST = 10
"""Experiments; the others' lines are there, switched off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One experiment; `place` is its number among the drawn ones, from 0."""

    place: int
    experiment: Experiment
    shown: bool

    @property
    def label(self) -> str:
        return self.experiment.label

    @property
    def states(self) -> str:
        return ", ".join(drawn_states(self.experiment))

    @property
    def colour(self) -> int:
        """Its number in the palette."""
        return COLOURS.index(line_style(self.place).colour)

    @property
    def marker(self) -> int:
        return MARKERS.index(line_style(self.place).marker)

    @property
    def dash(self) -> int:
        """Another one than its neighbour's; with the colour it differs from all of `DRAWN`."""
        return self.place % len(DASHES)


def choose_series(contents: ReportContents) -> list[Series]:
    """The detailed experiments in the report's order; of more than `DRAWN` those with the highest mean Dice."""
    best = sorted(contents.extent.detailed, key=lambda place: _order(contents, place))
    at_first = set(best[:SHOWN_AT_FIRST])
    return [
        Series(place=number, experiment=contents.experiments[place], shown=place in at_first)
        for number, place in enumerate(sorted(best[:DRAWN]))
    ]


def series_by_label(series: Sequence[Series]) -> dict[str, Series]:
    return {one.label: one for one in series}


def _order(contents: ReportContents, place: int) -> float:
    dice = contents.rows[place].dice
    return -dice.mean if dice else 1.0
