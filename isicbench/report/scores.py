"""Every score of the test set, of each run, at both resolutions."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from isicbench.records import EvaluationRecord
from isicbench.report.experiments import Experiment
from isicbench.report.wording import MISSING, figure

MACRO_TITLE = "Macro scores: means over the images, each image counting alike"
MICRO_TITLE = "Micro scores: the pixels of all images counted together"
RESOLUTIONS = {"training": "input", "original": "original"}
LEGEND = (
    "Size: input is the network's input size, original that of the image file. Thr. Jaccard: IoU, or 0 where it is "
    "below 0.65. HD95: 95th percentile of the distances between outlines, in pixels of that size."
)


def pixels(value: float) -> str:
    """A distance in pixels."""
    return f"{value:.1f}"


@dataclass(frozen=True, slots=True)
class Score:
    """One column: its heading, a narrow one for terminals, and the field of `EvaluationRecord`."""

    heading: str
    narrow: str
    field: str
    written: Callable[[float], str] = figure

    def of(self, evaluation: EvaluationRecord) -> str:
        value = getattr(evaluation, self.field)
        return self.written(value) if math.isfinite(value) else MISSING


MACRO = (
    Score("IoU", "IoU", "iou"),
    Score("Dice", "Dice", "dice"),
    Score("Sensitivity", "Sens.", "sensitivity"),
    Score("Specificity", "Spec.", "specificity"),
    Score("Accuracy", "Acc.", "accuracy"),
    Score("Precision", "Prec.", "precision"),
    Score("Thr. Jaccard", "Thr.\nJacc.", "thresholded_iou"),
    Score("Boundary IoU", "Bound.\nIoU", "boundary_iou"),
    Score("HD95 (px)", "HD95\n(px)", "hausdorff95_px", pixels),
)
MICRO = (
    Score("IoU", "IoU", "micro_iou"),
    Score("Dice", "Dice", "micro_dice"),
    Score("Predicted lesion share", "Predicted\nlesion share", "predicted_share"),
    Score("True lesion share", "True\nlesion share", "true_share"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRow:
    """One evaluation of the test set."""

    run_id: int
    seed: str
    label: str
    evaluation: EvaluationRecord

    @property
    def size(self) -> str:
        return RESOLUTIONS.get(self.evaluation.resolution, self.evaluation.resolution)

    @property
    def macro(self) -> tuple[str, ...]:
        return tuple(score.of(self.evaluation) for score in MACRO)

    @property
    def micro(self) -> tuple[str, ...]:
        return tuple(score.of(self.evaluation) for score in MICRO)


def score_rows(experiments: Iterable[Experiment]) -> list[ScoreRow]:
    """A row for each run and resolution that the test set was scored at."""
    return [
        ScoreRow(
            run_id=outcome.run.id,
            seed=MISSING if experiment.config.is_external else str(outcome.run.seed),
            label=experiment.label,
            evaluation=evaluation,
        )
        for experiment in experiments
        for outcome in experiment.outcomes
        for evaluation in outcome.test_evaluations
    ]


def score_tables(rows: Sequence[ScoreRow]) -> RenderableType:
    """Both tables for a Rich console, within 80 columns."""
    macro, micro = score_table("Run", "Size", scores=MACRO), score_table("Run", "Size", scores=MICRO)
    micro.add_column("Images", justify="right")
    for row in rows:
        macro.add_row(str(row.run_id), row.size, *row.macro)
        micro.add_row(str(row.run_id), row.size, *row.micro, str(row.evaluation.image_count))
    return titled_tables(macro, micro)


def score_table(*headings: str, scores: Sequence[Score]) -> Table:
    """An empty table with the headings, then one column a score."""
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=0, header_style="bold")
    for heading in headings:
        table.add_column(heading, justify="right")
    for score in scores:
        table.add_column(score.narrow, justify="right", no_wrap=True)
    return table


def titled_tables(macro: Table, micro: Table) -> RenderableType:
    """The tables under their titles, with the legend."""
    return Group(Text(MACRO_TITLE), macro, Text(LEGEND, style="dim"), Text(), Text(MICRO_TITLE), micro)
