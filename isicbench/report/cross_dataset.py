"""What each experiment scores on the test images of several datasets: its own, and those it was evaluated on later."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isclose, isfinite

from isicbench.evaluation.scales import SCALES, Metric
from isicbench.records import DatasetRecord, EvaluationRecord
from isicbench.report.comparison import mean_lines
from isicbench.report.comparison_scores import scores_of
from isicbench.report.data_table import Cell, Column, DataTable, Measured, Named, Range
from isicbench.report.experiments import Experiment, Outcome
from isicbench.report.scores import EXPERIMENT
from isicbench.report.source import ReportSource
from isicbench.report.wording import MISSING, printable

OWN = "own"
TRAINED_ON = Column(key="trained_on", heading="Trained on", narrow="Trained\non", is_text=True)
METRICS = (Metric.DICE, Metric.IOU)

Evaluations = Mapping[int, Sequence[EvaluationRecord]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredDataset:
    """A dataset that some experiment was tested on."""

    fingerprint: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossDatasetRow:
    """An experiment, with its scores by metric and by the test datasets' fingerprints."""

    label: str
    trained_on: str
    fingerprint: str
    """Of the dataset that it was trained on."""
    scores: Mapping[Metric, Mapping[str, Measured]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossDataset:
    datasets: tuple[ScoredDataset, ...]
    rows: tuple[CrossDatasetRow, ...]
    resolution: str

    @property
    def caption(self) -> str:
        """What the figures and marks are."""
        return (
            f"Means over the test images of each dataset at the {self.resolution} resolution, with 95% intervals, each "
            f"experiment at its own threshold. {OWN}: the dataset that it was trained on. Seen: so many of the test "
            "images were trained on, so the score is too high. Datasets differ in how hard they are: compare within "
            "a column."
        )


def read_cross_dataset(
    source: ReportSource, experiments: Sequence[Experiment], evaluations: Evaluations
) -> CrossDataset | None:
    """The scores of all counted runs on every test dataset; None where there is one dataset or none."""
    counted = [experiment for experiment in experiments if experiment.counted]
    resolution = "original" if any(one.config.is_external for one in counted) else "training"
    found = {
        outcome.run.id: _on_tests(outcome, evaluations.get(outcome.run.id, ()), resolution)
        for experiment in counted
        for outcome in experiment.counted
    }
    fingerprints = dict.fromkeys(one.config.dataset_fingerprint for one in counted)
    fingerprints |= dict.fromkeys(fingerprint for by_dataset in found.values() for fingerprint in by_dataset)
    tested = [one for one in fingerprints if any(one in by_dataset for by_dataset in found.values())]
    if len(tested) < 2:
        return None
    labels = _labels(tested, source.datasets())
    scores = {fingerprint: _scores(source, counted, found, fingerprint) for fingerprint in tested}
    return CrossDataset(
        datasets=tuple(ScoredDataset(fingerprint=one, label=labels[one]) for one in tested),
        rows=tuple(
            CrossDatasetRow(
                label=experiment.label,
                trained_on=MISSING
                if experiment.config.is_external
                else labels.get(experiment.config.dataset_fingerprint, printable(experiment.config.dataset)),
                fingerprint=experiment.config.dataset_fingerprint,
                scores={
                    metric: {
                        fingerprint: cells[metric]
                        for fingerprint, by_place in scores.items()
                        if (cells := by_place.get(place))
                    }
                    for metric in METRICS
                },
            )
            for place, experiment in enumerate(counted)
        ),
        resolution=resolution,
    )


def by_dataset_table(found: CrossDataset | None, metric: Metric) -> DataTable:
    """A row an experiment, a column a test dataset; without rows where there are no two."""
    scale = SCALES[metric]
    datasets = found.datasets if found else ()
    columns = [
        Column(
            key=f"{metric.value}_{one.label.replace(' ', '_')}",
            heading=one.label,
            decimals=scale.decimals,
            is_score=True,
            better="higher",
        )
        for one in datasets
    ]
    return DataTable(
        name=f"{metric.value}_by_dataset",
        title=f"{scale.label} by test dataset",
        columns=(EXPERIMENT, TRAINED_ON, *columns),
        rows=tuple(_row(row, datasets, metric) for row in found.rows) if found else (),
        caption=found.caption if found else "",
    )


def _row(row: CrossDatasetRow, datasets: Sequence[ScoredDataset], metric: Metric) -> tuple[Cell, ...]:
    return (Named(row.label), row.trained_on, *(row.scores[metric].get(one.fingerprint) for one in datasets))


def _on_tests(
    outcome: Outcome, evaluations: Sequence[EvaluationRecord], resolution: str
) -> dict[str, EvaluationRecord]:
    """By dataset, the run's evaluation of the test images at the threshold of its own scores."""
    own = outcome.evaluation
    return {
        one.dataset_fingerprint: one
        for one in evaluations
        if own and (one.split, one.resolution) == ("test", resolution) and isclose(one.threshold, own.threshold)
    }


def _scores(
    source: ReportSource,
    experiments: Sequence[Experiment],
    found: Mapping[int, Mapping[str, EvaluationRecord]],
    fingerprint: str,
) -> dict[int, dict[Metric, Measured]]:
    """By the experiment's place and metric."""
    chosen = {run_id: by_dataset[fingerprint] for run_id, by_dataset in found.items() if fingerprint in by_dataset}
    cells: dict[int, dict[Metric, Measured]] = {}
    for metric in METRICS:
        read = source.image_metric_of(chosen, metric=metric.value)
        for place, experiment in enumerate(experiments):
            outcomes = [outcome for outcome in experiment.counted if outcome.run.id in read]
            if not outcomes:
                continue
            [line] = mean_lines([scores_of(experiment, outcomes, read)], SCALES[metric])
            if isfinite(line.mean):
                cells.setdefault(place, {})[metric] = Measured(
                    mean=line.mean,
                    interval=Range(low=line.interval.low, high=line.interval.high) if line.interval else None,
                    mark=", ".join(_marks(experiment, [chosen[outcome.run.id] for outcome in outcomes])),
                )
    return {place: by_metric for place, by_metric in cells.items() if len(by_metric) == len(METRICS)}


def _marks(experiment: Experiment, evaluations: Sequence[EvaluationRecord]) -> Iterator[str]:
    config = experiment.config
    if not config.is_external and evaluations[0].dataset_fingerprint == config.dataset_fingerprint:
        yield OWN
    if seen := max((one.seen_in_training or 0 for one in evaluations), default=0):
        yield f"{seen} of {evaluations[0].image_count} seen"


def _labels(fingerprints: Sequence[str], known: Mapping[str, DatasetRecord]) -> dict[str, str]:
    """The datasets' names, with the beginning of the fingerprint where two have the same one."""
    names = {one: printable(known[one].name) if one in known else "dataset" for one in fingerprints}
    return {one: name if list(names.values()).count(name) == 1 else f"{name} {one[:8]}" for one, name in names.items()}
