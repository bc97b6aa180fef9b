"""Every score of the test set, of each run, at both resolutions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from isicbench.records import EvaluationRecord
from isicbench.report.data_table import Column, DataTable, Named, finite
from isicbench.report.experiments import Experiment
from isicbench.report.wording import printable

RUN = Column(key="run", heading="Run")
EXPERIMENT = Column(key="experiment", heading="Experiment", is_text=True)
SEED = Column(key="seed", heading="Seed")
SIZE = Column(key="size", heading="Size", is_text=True)
TEST_IMAGES = Column(key="image_count", heading="Test images", narrow="Images")
MACRO_TITLE = "Macro scores: means over the images, each image counting alike"
MICRO_TITLE = "Micro scores: the pixels of all images counted together"
RESOLUTIONS = {"training": "input", "original": "original"}
LEGEND = (
    "Size: input is the network's input size, original that of the image file. Thr. Jaccard: IoU, or 0 where it is "
    "below 0.65. HD95: 95th percentile of the distances between outlines, in pixels of that size."
)


@dataclass(frozen=True, slots=True)
class Score:
    """One column: its heading, a narrow one for terminals, and the field of `EvaluationRecord`."""

    heading: str
    narrow: str
    field: str
    decimals: int = 4
    unit: str = ""

    @property
    def column(self) -> Column:
        return Column(
            key=self.field,
            heading=self.heading,
            narrow=self.narrow,
            unit=self.unit,
            decimals=self.decimals,
            is_score=not self.unit,
        )

    def of(self, evaluation: EvaluationRecord) -> float | None:
        """None where it was not computed."""
        return finite(getattr(evaluation, self.field))


MACRO = (
    Score("IoU", "IoU", "iou"),
    Score("Dice", "Dice", "dice"),
    Score("Sensitivity", "Sens.", "sensitivity"),
    Score("Specificity", "Spec.", "specificity"),
    Score("Accuracy", "Acc.", "accuracy"),
    Score("Precision", "Prec.", "precision"),
    Score("Thr. Jaccard", "Thr.\nJacc.", "thresholded_iou"),
    Score("Boundary IoU", "Bound.\nIoU", "boundary_iou"),
    Score("HD95", "HD95", "hausdorff95_px", decimals=1, unit="px"),
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
    seed: int | None
    """None for masks of another tool."""
    label: str
    evaluation: EvaluationRecord

    @property
    def size(self) -> str:
        return RESOLUTIONS.get(self.evaluation.resolution, self.evaluation.resolution)


def score_rows(experiments: Iterable[Experiment]) -> list[ScoreRow]:
    """A row for each run and resolution that the test set was scored at."""
    return [
        ScoreRow(
            run_id=outcome.run.id,
            seed=None if experiment.config.is_external else outcome.run.seed,
            label=experiment.label,
            evaluation=evaluation,
        )
        for experiment in experiments
        for outcome in experiment.outcomes
        for evaluation in outcome.test_evaluations
    ]


def macro_table(rows: Sequence[ScoreRow]) -> DataTable:
    """Means over images; metrics of other packages stand last, where there are any."""
    metrics = plugin_columns(rows)
    return DataTable(
        name="macro_scores",
        title=MACRO_TITLE,
        columns=(RUN, EXPERIMENT, SEED, SIZE, *(score.column for score in MACRO), *metrics),
        rows=tuple(
            (
                *(row.run_id, Named(row.label), row.seed, row.size),
                *(score.of(row.evaluation) for score in MACRO),
                *(_plugin_mean(row.evaluation, column.key) for column in metrics),
            )
            for row in rows
        ),
        caption=LEGEND,
    )


def plugin_columns(rows: Iterable[ScoreRow]) -> tuple[Column, ...]:
    """A column for each metric of another package that some evaluation has, by name."""
    names = {metric.name for row in rows for metric in row.evaluation.plugin_metrics}
    return tuple(
        Column(key=name, heading=printable(name), narrow=printable(name).replace(":", ":\n"), decimals=4, is_score=True)
        for name in sorted(names)
    )


def _plugin_mean(evaluation: EvaluationRecord, name: str) -> float | None:
    return next((finite(metric.mean) for metric in evaluation.plugin_metrics if metric.name == name), None)


def micro_table(rows: Sequence[ScoreRow]) -> DataTable:
    """All pixels together."""
    return DataTable(
        name="micro_scores",
        title=MICRO_TITLE,
        columns=(RUN, EXPERIMENT, SEED, SIZE, *(score.column for score in MICRO), TEST_IMAGES),
        rows=tuple(
            (
                *(row.run_id, Named(row.label), row.seed, row.size),
                *(score.of(row.evaluation) for score in MICRO),
                row.evaluation.image_count,
            )
            for row in rows
        ),
    )
