"""A measurement as one picture: the ratios, and where an epoch's time goes."""

from matplotlib.axes import Axes

from isicbench.benchmarking.measurement import Comparison, Part
from isicbench.benchmarking.results import Results
from isicbench.report.palette import BLUE, GREY, VERMILION
from isicbench.report.style import new_figure, png, report_style


def results_figure(results: Results) -> bytes:
    """A PNG; ratios on a logarithmic scale with a line from quartile to quartile, times in ms an image."""
    compared = [found for part in results.parts for found in part.comparisons]
    timed = [part for part in results.parts if part.images]
    lines = max(len(compared), sum(len(part.timings) for part in timed), 4)
    with report_style():
        figure = new_figure(13.0, 1.2 + 0.27 * lines)
        left, right = figure.add_subplot(1, 2, 1), figure.add_subplot(1, 2, 2)
        _draw_ratios(left, compared)
        _draw_times(right, timed)
        figure.supxlabel(results.machine.line[:170], fontsize=7)
        return png(figure)


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
            f"{value:.3g}", (value, place), xytext=(0, 6), textcoords="offset points", ha="center", fontsize=8
        )
    axes.set_yticks(places, [f"{found.part}: {found.name}" for found in compared], fontsize=7.5)
    if values:
        axes.set_xscale("log")
    axes.invert_yaxis()
    axes.set_title("Ratios, median and quartiles")


def _draw_times(axes: Axes, timed: list[Part]) -> None:
    rows = [(f"{part.name}: {way}", part, timing) for part in timed for way, timing in part.timings.items()]
    times = [1e3 * timing.seconds / part.images for _, part, timing in rows]
    axes.barh(range(len(rows)), times, color=BLUE)
    for place, value in enumerate(times):
        axes.annotate(
            f"{value:.2f}", (value, place), xytext=(3, 0), textcoords="offset points", va="center", fontsize=7.5
        )
    axes.set_yticks(range(len(rows)), [name for name, _, _ in rows], fontsize=7.5)
    if times:
        axes.set_xscale("log")
    axes.invert_yaxis()
    axes.set_xlabel("ms an image")
    axes.set_title("Time by part")
