"""What other thresholds would have given, and how far the probabilities can be believed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from isicbench.evaluation.calibration import average_precision, reliability, roc_area
from isicbench.evaluation.thresholds import best_threshold
from isicbench.records import ProbabilityRecord
from isicbench.report.data_table import Cell, Column, DataTable, Named
from isicbench.report.experiments import Experiment, Outcome


def _score(key: str, heading: str) -> Column:
    return Column(key=key, heading=heading, narrow=heading.replace(" ", "\n"), decimals=4, is_score=True)


COLUMNS = (
    Column(key="run", heading="Run"),
    Column(key="experiment", heading="Experiment", is_text=True),
    Column(key="seed", heading="Seed"),
    Column(key="scored_threshold", heading="Scored at", narrow="Scored\nat"),
    Column(key="best_threshold", heading="Best threshold", narrow="Best\nthreshold"),
    _score("best_dice", "Dice there"),
    _score("best_iou", "IoU there"),
    _score("calibration_error", "Calibration error"),
    _score("roc_area", "ROC area"),
    _score("average_precision", "Average precision"),
)

Probabilities = Mapping[int, Sequence[ProbabilityRecord]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdLine:
    """One run's figures: the best threshold is validation's, the last three are the test pixels' where recorded."""

    label: str
    run_id: int
    seed: int
    scored_threshold: float
    best_threshold: float
    best_dice: float
    best_iou: float
    calibration_error: float | None
    roc_area: float | None
    average_precision: float | None


def threshold_lines(experiments: Sequence[Experiment], probabilities: Probabilities) -> list[ThresholdLine]:
    """A line for each leading run whose probabilities are recorded."""
    lines = [
        _line(experiment, outcome, probabilities.get(outcome.run.id, ()))
        for experiment in experiments
        for outcome in experiment.leading
    ]
    return [line for line in lines if line is not None]


def thresholds_table(lines: Sequence[ThresholdLine]) -> DataTable:
    """A row a line."""
    return DataTable(
        name="thresholds",
        title="Thresholds and calibration",
        columns=COLUMNS,
        rows=tuple(_row(line) for line in lines),
        caption=(
            "The best threshold is that of the highest mean Dice on the validation images; the other figures are of "
            "all test pixels together."
        ),
    )


def on_split(records: Sequence[ProbabilityRecord], split: str) -> ProbabilityRecord | None:
    return next((record for record in records if record.split == split), None)


def _line(experiment: Experiment, outcome: Outcome, records: Sequence[ProbabilityRecord]) -> ThresholdLine | None:
    validation, test = on_split(records, "validation"), on_split(records, experiment.config.scored_split)
    if validation is None or outcome.evaluation is None:
        return None
    best = best_threshold(validation.threshold_scores)
    return ThresholdLine(
        label=experiment.label,
        run_id=outcome.run.id,
        seed=outcome.run.seed,
        scored_threshold=outcome.evaluation.threshold,
        best_threshold=best.threshold,
        best_dice=best.dice,
        best_iou=best.iou,
        calibration_error=reliability(test.positives, test.negatives).expected_calibration_error if test else None,
        roc_area=roc_area(test.positives, test.negatives) if test else None,
        average_precision=average_precision(test.positives, test.negatives) if test else None,
    )


def _row(line: ThresholdLine) -> tuple[Cell, ...]:
    return (
        line.run_id,
        Named(line.label),
        line.seed,
        line.scored_threshold,
        line.best_threshold,
        line.best_dice,
        line.best_iou,
        line.calibration_error,
        line.roc_area,
        line.average_precision,
    )
