"""How busy many slots are, and what fills up as they become more."""

from collections.abc import Sequence

from matplotlib.ticker import FuncFormatter, NullFormatter, PercentFormatter

from benchmarks.simulated_study import Outcome
from isicbench.report.palette import line_style
from isicbench.report.style import new_figure, png, report_style


def scaling_figure(outcomes: Sequence[Outcome]) -> bytes:
    """A PNG; utilisation by slots, and beside it the shares of the scheduler's thread and of the write lock."""
    slots = [outcome.question.slots for outcome in outcomes]
    panels = {
        "Slots at work": {"utilisation": [outcome.utilisation for outcome in outcomes]},
        "What fills up": {
            "scheduler's thread": [outcome.scheduler_share for outcome in outcomes],
            "database's write lock": [outcome.lock_share for outcome in outcomes],
        },
    }
    with report_style():
        figure = new_figure(8.0, 3.0)
        for axes, (title, lines) in zip(figure.subplots(1, 2), panels.items(), strict=True):
            for place, (label, values) in enumerate(lines.items()):
                style = line_style(place)
                axes.plot(slots, values, color=style.colour, marker=style.marker, ls=style.dash, label=label)
            axes.set_title(title)
            axes.set_xlabel("slots")
            axes.set_xscale("log")
            axes.set_ylim(0, 1.05)
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
            axes.xaxis.set_minor_formatter(NullFormatter())
            axes.yaxis.set_major_formatter(PercentFormatter(1.0))
            if len(lines) > 1:
                axes.legend(loc="upper left")
        return png(figure)
