"""Comparisons on screen."""

import math

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from isicbench.evaluation.comparison import Comparison, Verdict
from isicbench.evaluation.scales import Scale
from isicbench.report.comparison import ComparisonContents
from isicbench.report.comparison_section import mean_cells
from isicbench.report.comparison_sentence import interval_text
from isicbench.report.wording import MISSING

_STYLES = {Verdict.BETTER: "bold green", Verdict.WORSE: "bold red", Verdict.NO_DIFFERENCE_SHOWN: "dim"}


def comparison_report(contents: ComparisonContents) -> RenderableType:
    """What `isicbench compare` prints: the experiments, the pairs, and a sentence on each."""
    sentences = [Text(line.sentence) for line in contents.pairs]
    notes = [Text(note, style="dim") for note in contents.notes]
    return Group(means_table(contents), Text(), pairs_table(contents), Text(), *sentences, *notes)


def means_table(contents: ComparisonContents) -> Table:
    """The experiments, numbered for the table of pairs."""
    table = _table()
    table.add_column("#", justify="right")
    table.add_column("Experiment", overflow="fold", ratio=1)
    for heading in ("Images", "Seeds", contents.scale.label, "95% interval"):
        table.add_column(heading, justify="right")
    for place, line in enumerate(contents.means, start=1):
        cells = mean_cells(line, contents.scale)
        table.add_row(str(place), Text(line.label), str(line.image_count), str(len(line.seeds)), *cells)
    return table


def pairs_table(contents: ComparisonContents) -> Table:
    """Each pair's figures; of the pair `1, 2` they are those of 1 minus 2."""
    table = _table()
    table.add_column("Pair", no_wrap=True)
    for heading in ("Difference", "95% interval", "p", "p, Holm", "d_z", "Better\non", "Would\nshow"):
        table.add_column(heading, justify="right")
    table.add_column("Verdict")
    for line in contents.pairs:
        pair = f"{line.a + 1}, {line.b + 1}"
        if line.comparison is None:
            table.add_row(pair, *[MISSING] * 7, "not compared")
        else:
            verdict = Text(line.comparison.verdict.value, style=_STYLES[line.comparison.verdict])
            table.add_row(pair, *pair_cells(line.comparison, contents.scale), verdict)
    return table


def pair_cells(comparison: Comparison, scale: Scale) -> list[str]:
    """Difference, 95% interval, p, p after Holm, effect size, share better, what would have been shown."""
    interval = comparison.interval
    return [
        _number(comparison.difference, scale.decimals),
        interval_text(interval.low, interval.high, decimals=scale.decimals) if interval else MISSING,
        _p(comparison.p),
        _p(comparison.holm_p),
        _number(comparison.effect_size, 2),
        MISSING if math.isnan(comparison.share_better) else f"{comparison.share_better:.0%}",
        _number(comparison.smallest_difference, scale.decimals),
    ]


def _p(value: float) -> str:
    return "<0.001" if value < 0.001 else _number(value, 3)


def _number(value: float, decimals: int) -> str:
    return f"{value:.{decimals}f}" if math.isfinite(value) else MISSING


def _table() -> Table:
    return Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
