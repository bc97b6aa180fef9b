"""A model card, as Hugging Face shows one beside a model's files, from the database alone."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from isicbench import __version__
from isicbench.errors import ConfigError
from isicbench.records import DatasetRecord, EvaluationRecord, RunRecord
from isicbench.report.card_limits import card_limits
from isicbench.report.comparison_data import intervals_table
from isicbench.report.contents import ReportContents, read_contents
from isicbench.report.data_table import Column, DataTable, Named
from isicbench.report.experiments import Experiment
from isicbench.report.layout import Layout
from isicbench.report.markdown import render_template
from isicbench.report.report_tables import report_tables
from isicbench.report.reproduction import reproductions
from isicbench.report.scores import RESOLUTIONS, macro_table, micro_table
from isicbench.report.source import ReportSource
from isicbench.report.wording import MISSING, printable

TAGS = ("image-segmentation", "dermoscopy", "skin-lesion", "isicbench")
COSTS = ("parameters", "gflops", "latency_ms", "train_seconds", "images_per_second", "peak_memory_mib")
"""Columns of the comparative table."""


def render_card(source: ReportSource, runs: Sequence[RunRecord]) -> str:
    """The card of one experiment's runs, in Markdown with front matter in YAML; every name in it is escaped.

    Raises `ConfigError` where the runs are of several experiments, of another tool's masks, or none is completed.
    """
    contents = read_contents(source, runs)
    experiment = _only(contents)
    dataset = source.datasets().get(experiment.config.dataset_fingerprint)
    others = _other_evaluations(source, experiment)
    tried = {evaluation.dataset_fingerprint for evaluation in others} - {experiment.config.dataset_fingerprint}
    [reproduction] = reproductions([experiment])
    return render_template(
        "model_card.md.j2",
        front=_front_matter(contents, experiment, dataset),
        version=__version__,
        label=experiment.label,
        config=experiment.config,
        report=contents,
        dataset=dataset,
        dataset_source=_public_source(dataset),
        intervals=intervals_table(contents.comparisons),
        macro=macro_table(contents.scores),
        micro=micro_table(contents.scores),
        others=_others_table(others, source.datasets()),
        limits=card_limits(experiment, other_datasets=len(tried)),
        costs=_costs(contents),
        reproduction=reproduction,
        missing=MISSING,
    )


def _only(contents: ReportContents) -> Experiment:
    if len(contents.experiments) > 1:
        labels = "; ".join(experiment.label for experiment in contents.experiments)
        raise ConfigError(
            f"a card is of one experiment, and this fits {len(contents.experiments)}: {labels}",
            hint="Name one of them in full, or a run's number.",
        )
    [experiment] = contents.experiments
    if experiment.config.is_external:
        raise ConfigError(f"{experiment.label} holds masks of another tool: there is no network to describe")
    if not experiment.counted:
        raise ConfigError(f"{experiment.label} has no completed run with scores", hint="See: isicbench list")
    return experiment


def _front_matter(contents: ReportContents, experiment: Experiment, dataset: DatasetRecord | None) -> str:
    """A line a key, each value as JSON, which is YAML; no name can leave its quotes."""
    name = printable(experiment.label)
    data = printable(dataset.name if dataset else experiment.config.dataset)
    values: dict[str, Any] = {
        "license": "unknown",
        "library_name": "pytorch",
        "pipeline_tag": "image-segmentation",
        "tags": [*TAGS, experiment.config.encoder, experiment.config.decoder],
        "datasets": [data],
        "metrics": ["dice", "iou"],
        "model-index": [{"name": name, "results": [_results(contents, data)]}],
    }
    return "\n".join(f"{key}: {json.dumps(value)}" for key, value in values.items())


def _results(contents: ReportContents, data: str) -> dict[str, Any]:
    [row] = contents.rows
    return {
        "task": {"type": "image-segmentation"},
        "dataset": {"name": data, "type": data, "split": "test"},
        "metrics": [
            {"type": kind, "name": f"{name} (mean over test images)", "value": round(summary.mean, 4)}
            for kind, name, summary in (("dice", "Dice", row.dice), ("iou", "IoU", row.iou))
            if summary
        ],
    }


def _public_source(dataset: DatasetRecord | None) -> str:
    """A folder of somebody's machine stays out: a card is published."""
    return "" if dataset is None or Path(dataset.source).is_absolute() else dataset.source


def _other_evaluations(source: ReportSource, experiment: Experiment) -> list[EvaluationRecord]:
    """Those that were made after the training."""
    found = source.evaluations([outcome.run.id for outcome in experiment.counted])
    return [evaluation for several in found.values() for evaluation in several if not evaluation.final]


def _others_table(evaluations: Sequence[EvaluationRecord], datasets: Mapping[str, DatasetRecord]) -> DataTable:
    names = {fingerprint: record.name for fingerprint, record in datasets.items()}
    return DataTable(
        name="others",
        title="Later evaluations",
        columns=(
            Column(key="dataset", heading="Dataset", is_text=True),
            Column(key="fingerprint", heading="Fingerprint", is_text=True),
            Column(key="split", heading="Split", is_text=True),
            Column(key="size", heading="Size", is_text=True),
            Column(key="threshold", heading="Threshold"),
            Column(key="image_count", heading="Images"),
            Column(key="iou", heading="IoU", decimals=4),
            Column(key="dice", heading="Dice", decimals=4),
        ),
        rows=tuple(
            (
                Named(names.get(made.dataset_fingerprint, MISSING)),
                made.dataset_fingerprint[:12],
                made.split,
                RESOLUTIONS.get(made.resolution, made.resolution),
                made.threshold,
                made.image_count,
                made.iou,
                made.dice,
            )
            for made in evaluations
        ),
    )


def _costs(contents: ReportContents) -> list[tuple[str, str]]:
    """Of the network, then of its training, as far as they are recorded."""
    [table] = report_tables(contents, Layout(table="results", columns=COSTS)).values()
    [row] = table.rows
    pairs = [
        (column.read_heading, column.text(cell))
        for column, cell in zip(table.columns, row, strict=True)
        if cell is not None
    ]
    measured = [costs.latency_on for costs in contents.costs.values() if costs.latency_on]
    return [*pairs, *[("Latency measured on", printable(place)) for place in measured[:1]]]
