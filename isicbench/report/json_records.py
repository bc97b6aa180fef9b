"""Records as JSON values for `--json`: the keys are stable, every key is always there, new ones may be added.

Times are ISO 8601 in UTC. What is not recorded is null, and so is a number that is not finite: JSON has no NaN.
Units stand in the keys; shares, IoU and Dice are from 0 to 1.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from isicbench.records import (
    ArtifactRecord,
    DatasetRecord,
    Diagnosis,
    EnvironmentRecord,
    EpochRecord,
    EvaluationRecord,
    ImageScore,
    Owner,
    PluginMetric,
    RunRecord,
    StudyRecord,
)

if TYPE_CHECKING:  # `isicbench list` need not load what compares
    from isicbench.report.run_details import RunDetails

Json = dict[str, Any]


def run_to_json(run: RunRecord) -> Json:
    """`id uid experiment seed status config config_hash retry_of ... failure diagnoses`: a run's row."""
    return {
        "id": run.id,
        "uid": run.uid,
        "experiment": run.experiment,
        "seed": run.seed,
        "status": run.status.value,
        "config_hash": run.config.config_hash,
        "config": run.config.to_dict(),
        "retry_of": run.retry_of,
        "created_at": _time(run.created_at),
        "started_at": _time(run.started_at),
        "finished_at": _time(run.finished_at),
        "heartbeat_at": _time(run.heartbeat_at),
        "epoch": run.epoch,
        "step": run.step,
        "steps": run.steps,
        "train_seconds": _number(run.train_seconds),
        "images_per_second": _number(run.images_per_second),
        "peak_memory_mib": _number(run.peak_memory_mib),
        "owner": _owner(run.owner),
        "failure": _plain(run.failure, "kind", "message", "traceback") if run.failure else None,
        "log_path": run.log_path,
        "diagnoses": [diagnosis_to_json(diagnosis) for diagnosis in run.diagnoses],
    }


def epoch_to_json(record: EpochRecord) -> Json:
    """One epoch's figures under the names of `EpochRecord`."""
    return _plain(
        record,
        "epoch",
        "train_loss",
        "validation_loss",
        "validation_iou",
        "validation_dice",
        "foreground_share",
        "learning_rate",
        "train_seconds",
        "validation_seconds",
        "images_per_second",
        "gradient_norm",
    )


METRICS = (
    "sensitivity",
    "specificity",
    "accuracy",
    "precision",
    "thresholded_iou",
    "boundary_iou",
    "hausdorff95_px",
)


def evaluation_to_json(record: EvaluationRecord) -> Json:
    """An evaluation under the names of `EvaluationRecord`; `image_scores` is empty unless they were read."""
    figures = _plain(
        record,
        "split",
        "dataset_fingerprint",
        "resolution",
        "threshold",
        "image_count",
        "iou",
        "dice",
        "micro_iou",
        "micro_dice",
        "predicted_share",
        "true_share",
        "seconds",
        "final",
        "seen_in_training",
        *METRICS,
    )
    return figures | {
        "plugin_metrics": [plugin_metric_to_json(metric) for metric in record.plugin_metrics],
        "image_scores": [image_score_to_json(score) for score in record.image_scores],
    }


def plugin_metric_to_json(metric: PluginMetric) -> Json:
    """`name version mean better problem values`; `values` is empty unless image scores were read."""
    values = {image_id: _number(value) for image_id, value in metric.values.items()}
    return _plain(metric, "name", "version", "mean", "better", "problem") | {"values": values}


def image_score_to_json(score: ImageScore) -> Json:
    """One image's scores and pixel counts."""
    counts = ("true_positives", "false_positives", "false_negatives", "true_negatives")
    return _plain(score, "image_id", "iou", "dice", *counts, *METRICS)


def diagnosis_to_json(diagnosis: Diagnosis) -> Json:
    """`kind message advice evidence`; `evidence` maps names to numbers."""
    evidence = {name: _number(value) for name, value in diagnosis.evidence.items()}
    return _plain(diagnosis, "kind", "message", "advice") | {"evidence": evidence}


def environment_to_json(environment: EnvironmentRecord) -> Json:
    """What a run ran on; `packages` maps names to versions."""
    names = ("host", "platform", "python", "device", "driver", "threads", "git_revision")
    return _plain(environment, *names) | {"packages": dict(environment.packages)}


def artifact_to_json(artifact: ArtifactRecord) -> Json:
    """`kind path sha256 bytes`."""
    return _plain(artifact, "kind", "path", "sha256", "bytes")


def dataset_to_json(dataset: DatasetRecord) -> Json:
    """`name fingerprint train_count validation_count test_count source licence`."""
    counts = ("train_count", "validation_count", "test_count")
    return _plain(dataset, "name", "fingerprint", *counts, "source", "licence")


def study_to_json(study: StudyRecord) -> Json:
    """`id command created_at run_ids skipped_ids`."""
    times_and_runs = {
        "created_at": _time(study.created_at),
        "run_ids": list(study.run_ids),
        "skipped_ids": list(study.skipped_ids),
    }
    return _plain(study, "id", "command") | times_and_runs


def run_details_to_json(details: "RunDetails") -> Json:
    """A run's row with `epochs evaluations environment artifacts`."""
    return run_to_json(details.run) | {
        "epochs": [epoch_to_json(record) for record in details.epochs],
        "evaluations": [evaluation_to_json(record) for record in details.evaluations],
        "environment": environment_to_json(details.environment) if details.environment else None,
        "artifacts": [artifact_to_json(artifact) for artifact in details.artifacts],
    }


def runs_to_json(runs: Sequence[RunRecord], evaluations: Mapping[int, Sequence[EvaluationRecord]]) -> list[Json]:
    """The runs' rows, each with its `evaluations`."""
    return [
        run_to_json(run) | {"evaluations": [evaluation_to_json(e) for e in evaluations.get(run.id, ())]} for run in runs
    ]


def _owner(owner: Owner | None) -> Json | None:
    return _plain(owner, "host", "pid", "process_started", "slot") if owner else None


def _plain(record: object, *names: str) -> Json:
    return {name: _number(getattr(record, name)) for name in names}


def _number(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _time(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None
