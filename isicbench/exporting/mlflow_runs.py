"""MLflow's folder of runs (`mlruns`)."""

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from isicbench.exporting.extras import require_package
from isicbench.exporting.tracked_runs import TrackedRun, finite_figures
from isicbench.records import RunStatus

STATUSES = {
    RunStatus.QUEUED: "SCHEDULED",
    RunStatus.RUNNING: "RUNNING",
    RunStatus.COMPLETED: "FINISHED",
    RunStatus.FAILED: "FAILED",
    RunStatus.DIVERGED: "FAILED",
    RunStatus.INTERRUPTED: "KILLED",
}
METRICS_AT_ONCE = 1000
"""MLflow's own limit."""
WHILE_WRITING = {"MLFLOW_ALLOW_FILE_STORE": "true", "MLFLOW_DISABLE_TELEMETRY": "true"}
"""MLflow 3 prefers databases, and takes folders where it is told to; and an export tells nobody of itself."""


def write_mlruns(runs: Sequence[TrackedRun], folder: Path, *, target: Path) -> None:
    """Each experiment with its runs: settings as parameters, figures by epoch, test scores, and what it ran on as tags.

    `folder` is where to write; `target` is where the folder will lie, which MLflow keeps as the place of artifacts.
    """
    require_package("mlflow", package="mlflow-skinny", wanted_for="mlflow")
    with _file_store(folder, target=target) as store:
        for tracked in runs:
            known = store.get_experiment_by_name(tracked.experiment)  # MLflow has made one that it calls Default
            made = known.experiment_id if known else store.create_experiment(tracked.experiment, None, [])
            _write_run(store, tracked, made)


@contextmanager
def _file_store(folder: Path, *, target: Path) -> Iterator[Any]:
    before = {name: os.environ.get(name) for name in WHILE_WRITING}
    os.environ |= WHILE_WRITING
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    try:
        from mlflow.store.tracking.file_store import FileStore

        yield FileStore(str(folder / "mlruns"), (target / "mlruns").as_uri())
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def _write_run(store: Any, tracked: TrackedRun, experiment_id: str) -> None:
    from mlflow.entities import Param, RunStatus, RunTag

    run = tracked.run
    made = store.create_run(experiment_id, "isicbench", _milliseconds(tracked.began), [], tracked.title)
    run_id = made.info.run_id
    settings = [Param(name, str(value)) for name, value in tracked.settings.items()]
    tags = [RunTag(f"isicbench.{name}", value) for name, value in _tags(tracked).items() if value]
    store.log_batch(run_id, metrics=[], params=settings, tags=tags)
    metrics = list(_metrics(tracked))
    for start in range(0, len(metrics), METRICS_AT_ONCE):
        store.log_batch(run_id, metrics=metrics[start : start + METRICS_AT_ONCE], params=[], tags=[])
    ended = _milliseconds(run.finished_at) if run.finished_at else None
    store.update_run_info(run_id, RunStatus.from_string(STATUSES[run.status]), ended, None)


def _metrics(tracked: TrackedRun) -> Iterator[Any]:
    from mlflow.entities import Metric

    moment, step = _milliseconds(tracked.began), 0
    for ended, epoch in tracked.moments():
        moment, step = _milliseconds(ended), epoch.epoch
        yield from (Metric(name, value, moment, step) for name, value in finite_figures(epoch).items())
    yield from (Metric(f"test_{name}", value, moment, step) for name, value in tracked.test_scores.items())


def _tags(tracked: TrackedRun) -> dict[str, str]:
    run, environment = tracked.run, tracked.environment
    tags = {"run_id": str(run.id), "run_uid": run.uid, "status": run.status.value}
    tags["diagnoses"] = ", ".join(diagnosis.kind for diagnosis in run.diagnoses)
    if environment:
        tags |= {"device": environment.device, "git_revision": environment.git_revision}
        tags["packages"] = ", ".join(f"{name} {version}" for name, version in environment.packages.items())
    return tags


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
