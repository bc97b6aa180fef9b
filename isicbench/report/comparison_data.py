"""The tables of a comparison: each experiment's intervals, and the pairs."""

from isicbench.evaluation.scales import SCALES, Metric
from isicbench.report.comparison import ComparisonContents, MeanLine, PairLine
from isicbench.report.comparison_section import ReportComparisons
from isicbench.report.data_table import Cell, Column, DataTable, Named, Range, finite

_DECIMALS = SCALES[Metric.DICE].decimals
INTERVAL_COLUMNS = (
    Column(key="experiment", heading="Experiment", is_text=True),
    Column(key="image_count", heading="Images"),
    Column(key="seed_count", heading="Seeds"),
    Column(key="iou", heading="IoU", decimals=_DECIMALS, is_score=True, better="higher"),
    Column(key="iou_interval", heading="95% interval", decimals=_DECIMALS, is_score=True),
    Column(key="dice", heading="Dice", decimals=_DECIMALS, is_score=True, better="higher"),
    Column(key="dice_interval", heading="95% interval", decimals=_DECIMALS, is_score=True),
)
PAIR_COLUMNS = (
    Column(key="a", heading="A", is_text=True),
    Column(key="b", heading="B", is_text=True),
    Column(key="difference", heading="Dice, A minus B", narrow="Dice,\nA minus B", decimals=_DECIMALS, is_score=True),
    Column(key="difference_interval", heading="95% interval", decimals=_DECIMALS, is_score=True),
    Column(key="p", heading="p", decimals=3, is_probability=True),
    Column(key="holm_p", heading="p, Holm", decimals=3, is_probability=True),
    Column(key="effect_size", heading="d_z", decimals=2),
    Column(key="share_better", heading="A better on", narrow="A better\non", decimals=2),
    Column(key="smallest_difference", heading="Would show", narrow="Would\nshow", decimals=_DECIMALS, is_score=True),
    Column(key="verdict", heading="Verdict", is_text=True),
)


def intervals_table(comparisons: ReportComparisons | None) -> DataTable:
    """Mean IoU and Dice of each compared experiment, with their 95% intervals."""
    lines = zip(comparisons.iou, comparisons.dice.means, strict=True) if comparisons else ()
    return DataTable(
        name="intervals",
        title="Comparisons",
        columns=INTERVAL_COLUMNS,
        rows=tuple(_interval_row(iou, dice) for iou, dice in lines),
        caption=comparisons.caption if comparisons else "",
    )


def pairs_table(comparisons: ReportComparisons | None) -> DataTable:
    """What the paired test says of each pair's Dice."""
    return DataTable(
        name="pairs",
        title="Pairs of experiments",
        columns=PAIR_COLUMNS,
        rows=tuple(_pair_row(pair, comparisons.dice) for pair in comparisons.dice.pairs) if comparisons else (),
        caption=_pairs_caption(comparisons.dice) if comparisons else "",
    )


def _interval_row(iou: MeanLine, dice: MeanLine) -> tuple[Cell, ...]:
    counts = (dice.image_count, len(dice.seeds))
    return (Named(dice.label), *counts, finite(iou.mean), _range(iou), finite(dice.mean), _range(dice))


def _range(line: MeanLine) -> Range | None:
    return Range(low=line.interval.low, high=line.interval.high) if line.image_count and line.interval else None


def _pair_row(pair: PairLine, contents: ComparisonContents) -> tuple[Cell, ...]:
    names = (Named(contents.means[pair.a].label), Named(contents.means[pair.b].label))
    made = pair.comparison
    if made is None:
        return (*names, *[None] * 7, "not compared")
    interval = Range(low=made.interval.low, high=made.interval.high) if made.interval else None
    figures = (made.p, made.holm_p, made.effect_size, made.share_better, made.smallest_difference)
    return (*names, finite(made.difference), interval, *map(finite, figures), made.verdict.value)


def _pairs_caption(contents: ComparisonContents) -> str:
    corrected = f" p, Holm: corrected for {contents.tests} pairs." if contents.tests > 1 else ""
    return (
        f"Dice on the {contents.split} images at the {contents.resolution} resolution, A minus B.{corrected} d_z: the "
        "mean difference in standard deviations. Would show: the difference that would have been shown with 80% power."
    )
