"""What a completed run left to work with: its network, and the threshold that it was scored at."""

from pathlib import Path

import torch

from isicbench.config import Config
from isicbench.errors import ConfigError
from isicbench.models.saved import load_segmenter
from isicbench.models.segmenter import Segmenter
from isicbench.records import RunRecord, RunStatus
from isicbench.store.store import Store


def trained_config(run: RunRecord) -> Config:
    """The run's config; raises `ConfigError` for a run without a trained network."""
    if run.config.is_external:
        raise ConfigError(
            f"run {run.id} holds masks of another tool: there is no network to run",
            hint="Score its masks again: isicbench score",
        )
    if run.status is not RunStatus.COMPLETED:
        raise ConfigError(f"run {run.id} is {run.status.value}, not completed", hint="See: isicbench list")
    return run.config


def threshold_of(store: Store, run: RunRecord, *, asked: float | None) -> float:
    """The one asked for, else that of the run's own scores. Raises `ConfigError` for one out of range."""
    if asked is None:
        finals = [evaluation for evaluation in store.evaluations([run.id]).get(run.id, []) if evaluation.final]
        return finals[0].threshold if finals else run.config.threshold
    if not 0 < asked < 1:
        raise ConfigError(f"--threshold {asked:g}: expected between 0 and 1")
    return asked


def weights_of(store: Store, run: RunRecord) -> tuple[Path, str]:
    """The file of the run's trained weights, there or not, and its SHA-256 on record. Raises `ConfigError`."""
    models = [artifact for artifact in store.artifacts(run.id) if artifact.kind == "model"]
    if not models:
        raise ConfigError(f"run {run.id} has no saved weights", hint="Train it again: isicbench run --force")
    return store.folder.parent / models[0].path, models[0].sha256


def load_trained(store: Store, run: RunRecord, *, device: torch.device) -> Segmenter:
    """The run's trained segmenter, in evaluation mode.

    Raises `ConfigError` for a run without one, `WeightsError` where the file is gone or not the one on record.
    """
    config = trained_config(run)
    path, sha256 = weights_of(store, run)
    return load_segmenter(config, path, sha256=sha256, device=device)
