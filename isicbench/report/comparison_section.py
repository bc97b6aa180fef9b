"""The report's section on comparisons: intervals of IoU and Dice, and a sentence on each pair's Dice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from isicbench.evaluation.scales import SCALES, Metric, Scale
from isicbench.records import EvaluationRecord
from isicbench.report.comparison import ComparisonContents, MeanLine, compare_experiments, mean_lines
from isicbench.report.comparison_scores import ExperimentScores, common_resolution, read_scores
from isicbench.report.comparison_sentence import interval_text
from isicbench.report.experiments import Experiment
from isicbench.report.source import ReportSource
from isicbench.report.wording import MISSING

SPLIT = "test"
DICE, IOU = SCALES[Metric.DICE], SCALES[Metric.IOU]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportComparisons:
    dice: ComparisonContents
    dice_scores: tuple[ExperimentScores, ...]
    """Image by image, what the means of `dice` rest on."""
    iou: tuple[MeanLine, ...]
    """The same experiments in the same order."""

    @property
    def sentences(self) -> list[str]:
        return [pair.sentence for pair in self.dice.pairs]

    @property
    def caption(self) -> str:
        """What the table's figures are."""
        return (
            f"Means over the {self.dice.split} images at the {self.dice.resolution} resolution. The 95% intervals are "
            "over images where an experiment has one seed (this training on other such images), over seeds and images "
            "where it has several (other trainings too)."
        )


def report_comparisons(
    source: ReportSource,
    experiments: Sequence[Experiment],
    evaluations: Mapping[int, Sequence[EvaluationRecord]],
    *,
    places: Sequence[int],
) -> ReportComparisons | None:
    """The counted experiments at `places` with scores image by image, at the table's resolution; None without any.

    Where `places` are not all, they are the best ones, and the tests are corrected for all that there were.
    """
    chosen = [experiments[place] for place in places]
    resolution = _table_resolution(chosen) or common_resolution(chosen, evaluations, split=SPLIT)
    dice, notes = read_scores(source, chosen, scale=DICE, split=SPLIT, resolution=resolution)
    if not dice:
        return None
    iou, _ = read_scores(source, chosen, scale=IOU, split=SPLIT, resolution=resolution)
    picked_from = sum(bool(experiment.counted) for experiment in experiments) if len(places) < len(experiments) else 0
    compared = compare_experiments(
        dice, scale=DICE, split=SPLIT, resolution=resolution, notes=notes, picked_from=picked_from
    )
    return ReportComparisons(dice=compared, dice_scores=tuple(dice), iou=tuple(mean_lines(iou, IOU)))


def mean_cells(line: MeanLine, scale: Scale) -> tuple[str, str]:
    """The mean and its interval as they are printed."""
    decimals = scale.decimals
    if not line.image_count:
        return MISSING, MISSING
    interval = interval_text(line.interval.low, line.interval.high, decimals=decimals) if line.interval else MISSING
    return f"{line.mean:.{decimals}f}", interval


def _table_resolution(experiments: Sequence[Experiment]) -> str | None:
    """The one resolution of all scores in the report's first table."""
    outcomes = [outcome for experiment in experiments for outcome in experiment.counted]
    resolutions = {outcome.evaluation.resolution for outcome in outcomes if outcome.evaluation}
    return resolutions.pop() if len(resolutions) == 1 else None
