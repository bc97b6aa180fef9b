"""How the lines of experiments differ: colour-blind safe colours, and a marker and a dash for each, for grey print."""

from dataclasses import dataclass
from typing import Literal

Dash = Literal["-", "--", "-.", ":"]

# Okabe and Ito, "Color Universal Design" (2008); its yellow is left out because it vanishes on white.
BLUE, VERMILION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY, BLACK, GREY = "#E69F00", "#56B4E9", "#000000", "#6B6B6B"
COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
DASHES: tuple[Dash, ...] = ("-", "--", "-.", ":")


@dataclass(frozen=True, slots=True, kw_only=True)
class LineStyle:
    colour: str
    marker: str
    dash: Dash


TRAIN_LINE = LineStyle(colour=BLUE, marker="o", dash="-")
VALIDATION_LINE = LineStyle(colour=VERMILION, marker="s", dash="--")


def line_style(index: int) -> LineStyle:
    """The style of the n-th experiment; 28 of them differ, each colour with another marker and dash."""
    return LineStyle(
        colour=COLOURS[index % len(COLOURS)],
        marker=MARKERS[(index + index // len(COLOURS)) % len(MARKERS)],
        dash=DASHES[index // len(COLOURS) % len(DASHES)],
    )
