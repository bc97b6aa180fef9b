"""Runs from their claim to their scores: the one place that knows training and the store."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch

from isicbench.compute.environment import describe_environment
from isicbench.config import Config
from isicbench.plugins import Kind, packages_of, plugins
from isicbench.records import RunRecord, RunStatus
from isicbench.scheduling.disk_space import require_room
from isicbench.scheduling.failures import failure_of
from isicbench.scheduling.group import open_group
from isicbench.scheduling.peak_memory import begin_peak
from isicbench.scheduling.run_recording import Recording, StopRequestedError
from isicbench.store.store import Store
from isicbench.training.state import TrainingState


def execute(
    store: Store,
    runs: Sequence[RunRecord],
    *,
    device: torch.device,
    should_stop: Callable[[], bool],
    resume_from: Sequence[TrainingState] | None = None,
    checkpoint_minutes: float = 10.0,
    moved: Callable[[], None] = lambda: None,
) -> dict[int, RunStatus]:
    """Train claimed runs, side by side where there are several, and score each; returns the status that each has now.

    Whatever training raises becomes the runs' failure in the database, so that a worker outlives its runs. `moved` is
    called after each step, epoch, batch of validation or test images and score of an image.
    """
    recording = Recording(store, runs, checkpoint_minutes=checkpoint_minutes, moved=moved)
    try:
        begin_peak(device)
        _record_environment(store, runs, device=device)
        _train_and_score(recording, resume_from, device=device, should_stop=should_stop)
    except StopRequestedError:
        recording.end_all(RunStatus.INTERRUPTED)
    except Exception as error:
        recording.end_all(RunStatus.FAILED, failure=failure_of(error, runs[0], device=device))
    return recording.ended


def _train_and_score(
    recording: Recording,
    resume_from: Sequence[TrainingState] | None,
    *,
    device: torch.device,
    should_stop: Callable[[], bool],
) -> None:
    """In a function of its own, so that what it holds is free once it has failed."""
    group = open_group(recording.runs, device=device)
    require_room(recording.store.folder, group.segmenters)
    recording.train(group, resume_from=resume_from, should_stop=should_stop)
    for index in sorted(recording.active):
        recording.score(group, index, device=device)
        recording.moved()


def _record_environment(store: Store, runs: Sequence[RunRecord], *, device: torch.device) -> None:
    environment = describe_environment(device=device_name(device), threads=torch.get_num_threads())
    for run in runs:
        packages = {**environment.packages, **_plugin_packages(run.config)}
        store.record_environment(run.id, replace(environment, packages=packages))


def _plugin_packages(config: Config) -> dict[str, str]:
    """Versions of the packages whose plugins the run uses; every metric that is installed is computed."""
    named = (config.encoder, config.decoder, config.loss, config.dataset)
    return packages_of([*named, *(plugin.name for plugin in plugins(Kind.METRIC))])


def device_name(device: torch.device) -> str:
    """`cpu`, or the GPU's name."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
