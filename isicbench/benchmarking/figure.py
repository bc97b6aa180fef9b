"""Measurements as pictures: ratios and where a step's time goes, and what grows."""

from collections.abc import Callable, Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter

from isicbench.benchmarking.measurement import Comparison, Part
from isicbench.benchmarking.results import Results
from isicbench.benchmarking.scale import Grown, Scale
from isicbench.report.palette import BLUE, COLOURS, GREY, VERMILION, line_style
from isicbench.report.style import new_figure, png, report_style


def results_figure(results: Results) -> bytes:
    """A PNG; ratios on a logarithmic scale with a line from quartile to quartile, a step's pieces in ms an image."""
    compared = [found for part in results.parts for found in part.comparisons]
    steps = [part for part in results.parts if part.name.startswith("step")]
    with report_style():
        figure = new_figure(9.0, 1.4 + 0.32 * max(len(compared), 3) + 1.1 * len(steps))
        heights = [max(len(compared), 3) * 0.32] + [1.1 * len(steps)] * bool(steps)
        axes = figure.subplots(len(heights), 1, squeeze=False, gridspec_kw={"height_ratios": heights})[:, 0]
        _draw_ratios(axes[0], compared)
        if steps:
            _draw_steps(axes[1], steps)
        figure.supxlabel(results.machine.line[:150], fontsize=6.5)
        return png(figure)


def scale_figure(scale: Scale) -> bytes:
    """A PNG; time an image and memory by the number of images, and each command's time by the number of runs."""
    with report_style():
        figure = new_figure(10.0, 3.4)
        axes = figure.subplots(1, 3)
        _draw_growth(axes[0], scale.images, lambda grown: 1e3 * grown.cost.cpu_seconds / grown.count)
        axes[0].set_title("Training, ms an image")
        _draw_growth(axes[1], scale.images, lambda grown: grown.cost.peak_mib)
        axes[1].set_title("Training, peak MiB")
        for place in (0, 1):
            axes[place].set_xlabel("images")
            axes[place].set_ylim(bottom=0)
        _draw_growth(axes[2], scale.runs, lambda grown: grown.cost.cpu_seconds)
        axes[2].set_yscale("log")
        axes[2].yaxis.set_major_formatter(PLAIN)
        axes[2].set_title("Commands, CPU seconds")
        axes[2].set_xlabel("runs in the database")
        return png(figure)


PLAIN = FuncFormatter(lambda value, _: f"{value:,.10g}")
"""Figures as they are: powers would need mathematical text, which the style leaves off."""


def _draw_ratios(axes: Axes, compared: list[Comparison]) -> None:
    values = [found.ratio.value for found in compared]
    spread = [
        [found.ratio.value - found.ratio.lower_quartile for found in compared],
        [found.ratio.upper_quartile - found.ratio.value for found in compared],
    ]
    places = range(len(compared))
    axes.errorbar(values, places, xerr=spread, fmt="o", color=BLUE, ecolor=GREY, capsize=3)
    axes.axvline(1, color=VERMILION, linewidth=0.8)
    for place, value in zip(places, values, strict=True):
        axes.annotate(
            f"{value:.3g}", (value, place), xytext=(0, 5), textcoords="offset points", ha="center", fontsize=7.5
        )
    axes.set_yticks(places, [f"{found.part}: {found.name}" for found in compared], fontsize=7.5)
    if values:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(PLAIN)
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.invert_yaxis()
    axes.set_title("Ratios, median and quartiles")


def _draw_steps(axes: Axes, steps: Sequence[Part]) -> None:
    """One bar a step, its pieces side by side."""
    colours = dict(zip(dict.fromkeys(piece for part in steps for piece in part.timings), COLOURS, strict=False))
    for place, part in enumerate(steps):
        left = 0.0
        for piece, timing in part.timings.items():
            width = 1e3 * timing.seconds / part.images
            axes.barh(place, width, left=left, height=0.55, color=colours[piece], edgecolor="white")
            left += width
        axes.annotate(f"{left:.2f}", (left, place), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8)
    for piece, colour in colours.items():
        axes.barh(0, 0, color=colour, label=piece)
    axes.set_yticks(range(len(steps)), [part.name for part in steps])
    axes.invert_yaxis()
    axes.set_xlabel("ms an image")
    axes.set_title("A step of the loop by part")
    axes.legend(loc="upper right", fontsize=7.5, ncols=2)


def _draw_growth(axes: Axes, grown: Sequence[Grown], figure_of: Callable[[Grown], float]) -> None:
    for place, work in enumerate(dict.fromkeys(found.work for found in grown)):
        style = line_style(place)
        points = [(found.count, figure_of(found)) for found in grown if found.work == work]
        axes.plot(*zip(*points, strict=True), color=style.colour, marker=style.marker, ls=style.dash, label=work)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(PLAIN)
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.legend(fontsize=7.5)
