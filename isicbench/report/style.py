"""How every figure of matplotlib looks."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

import matplotlib
import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from isicbench.report.layout import Layout

DPI = 160
PRINT_DPI = 300
COLUMN_INCHES = 3.5
"""One column of a two-column page, as in IEEE's and Springer's journals."""

_SETTINGS = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "text.parse_math": False,
    "axes.titlesize": 10.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 8.0,
    "axes.labelsize": 9.0,
    "axes.labelcolor": "#333333",
    "axes.edgecolor": "#B0B0B0",
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.8,
    "xtick.color": "#555555",
    "ytick.color": "#555555",
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "xtick.major.size": 0.0,
    "ytick.major.size": 0.0,
    "lines.linewidth": 1.8,
    "lines.markersize": 4.5,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "legend.handlelength": 3.4,
    "pdf.fonttype": 42,  # TrueType: journals refuse Type 3, matplotlib's own choice
    "svg.fonttype": "path",  # reads the same where DejaVu Sans is not installed
    "svg.hashsalt": "isicbench",  # the same ids each time
}
_COLUMN_SETTINGS = {
    "font.size": 7.5,
    "axes.titlesize": 8.0,
    "axes.titlepad": 5.0,
    "axes.labelsize": 7.5,
    "axes.linewidth": 0.6,
    "grid.linewidth": 0.5,
    "xtick.labelsize": 7.0,
    "ytick.labelsize": 7.0,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.6,
    "legend.fontsize": 7.0,
}
_ANONYMOUS: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
"""What matplotlib would write of itself and of the day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What pictures are drawn for."""

    kind: str = "png"
    """`png`, or `svg` and `pdf` for print."""
    is_column: bool = False
    """One column of a paper, `COLUMN_INCHES` wide, with panels beneath each other; else a page or a screen."""

    @classmethod
    def of(cls, layout: Layout, *, kind: str, width: str) -> "Sheet":
        """As asked for, or else what suits the format."""
        return cls(kind=layout.pictures or kind, is_column=(layout.picture_width or width) == "column")

    @property
    def dpi(self) -> int:
        return PRINT_DPI if self.is_column or self.kind != "png" else DPI


SCREEN = Sheet()


@contextmanager
def report_style(sheet: Sheet = SCREEN) -> Iterator[None]:
    """matplotlib's defaults and this module's settings, whatever the user's own matplotlibrc says."""
    with matplotlib.style.context(["default", _SETTINGS | (_COLUMN_SETTINGS if sheet.is_column else {})]):
        yield


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of so many inches, drawn by Agg and known to no window."""
    layout = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.07)
    figure = Figure(figsize=(width, height), dpi=DPI, layout=layout, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def picture(figure: Figure, sheet: Sheet) -> bytes:
    """The figure as a file; equal figures give equal bytes, for neither date nor program stands in it."""
    buffer = BytesIO()
    figure.savefig(buffer, format=sheet.kind, dpi=sheet.dpi, metadata=_ANONYMOUS[sheet.kind])
    return buffer.getvalue()


def png(figure: Figure) -> bytes:
    """The figure's PNG for a screen."""
    return picture(figure, SCREEN)


def hide_frame(axes: Axes) -> None:
    """Leave only what is drawn: no ticks, no grid, no spines."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
