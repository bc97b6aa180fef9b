"""Runs from their claim to their scores: the one place that knows training and the store."""

import os
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from isicbench.compute.environment import describe_environment
from isicbench.compute.memory import peak_memory_mib, reset_peak_memory
from isicbench.evaluation.diagnosis import divergence
from isicbench.models.segmenter import Segmenter
from isicbench.models.weight_files import file_sha256
from isicbench.records import ArtifactRecord, Diagnosis, EpochRecord, Failure, RunRecord, RunStatus, StepRecord
from isicbench.scheduling.checkpoints import CheckpointClock, remove_checkpoints, save_checkpoint
from isicbench.scheduling.group import Group, open_group
from isicbench.scheduling.out_of_memory import KIND, is_out_of_memory, memory_advice
from isicbench.scheduling.run_folder import recorded_path, run_folder
from isicbench.scheduling.scores import record_scores
from isicbench.store.store import Store
from isicbench.training.loop import RunEvent, TrainingDivergedError, train_together
from isicbench.training.state import TrainingState

PROGRESS_SECONDS = 1.0
"""At most one progress row a second and run, so that recording costs next to nothing."""


class StopRequestedError(Exception):
    """The worker was asked to stop, and did so between two steps."""


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
    called after each step, epoch and score.
    """
    reset_peak_memory()
    environment = describe_environment(device=device_name(device), threads=torch.get_num_threads())
    for run in runs:
        store.record_environment(run.id, environment)
    recording = Recording(store, runs, checkpoint_minutes=checkpoint_minutes, moved=moved)
    try:
        _train_and_score(recording, resume_from, device=device, should_stop=should_stop)
    except StopRequestedError:
        recording.end_all(RunStatus.INTERRUPTED)
    except Exception as error:
        recording.end_all(RunStatus.FAILED, failure=failure_of(error, runs[0], device=device))
    return recording.ended


def _train_and_score(
    recording: "Recording",
    resume_from: Sequence[TrainingState] | None,
    *,
    device: torch.device,
    should_stop: Callable[[], bool],
) -> None:
    """In a function of its own, so that what it holds is free once it has failed."""
    group = open_group(recording.runs, device=device)
    recording.train(group, resume_from=resume_from, should_stop=should_stop)
    for index in sorted(recording.active):
        recording.score(group, index, device=device)
        recording.moved()


class Recording:
    """Puts what happens to runs that train together into the store, and where they stand into checkpoints."""

    def __init__(
        self, store: Store, runs: Sequence[RunRecord], *, checkpoint_minutes: float, moved: Callable[[], None]
    ) -> None:
        self.store = store
        self.runs = runs
        self.moved = moved
        kept = store.epochs([run.id for run in runs])
        self.epochs: dict[int, list[EpochRecord]] = {i: list(kept.get(run.id, ())) for i, run in enumerate(runs)}
        """By the run's index in the group; those before a checkpoint that it goes on from too."""
        self.active = set(range(len(runs)))
        self.ended: dict[int, RunStatus] = {}
        """By the run's number."""
        self._reported = [-PROGRESS_SECONDS] * len(runs)
        self._standing: dict[int, RunEvent] = {}
        """Each run's last event."""
        self._checkpoints = CheckpointClock(minutes=checkpoint_minutes)

    def train(
        self, group: Group, *, resume_from: Sequence[TrainingState] | None, should_stop: Callable[[], bool]
    ) -> None:
        """Train to the last epoch; raises `StopRequestedError` after the step in which a stop was asked for."""
        for happened in train_together(
            group.segmenters,
            [run.config for run in self.runs],
            data_seed=group.data_seed,
            training=group.training,
            validation=group.validation,
            resume_from=resume_from,
        ):
            self.record(happened)
            self.moved()
            if happened.index in self.active and happened.index == max(self.active):
                self._after_all(should_stop, epoch_ended=isinstance(happened.event, EpochRecord))

    def _after_all(self, should_stop: Callable[[], bool], *, epoch_ended: bool) -> None:
        """Every run of the group has taken the step or ended the epoch, so that they can go on together."""
        unfinished = len(self.epochs[max(self.active)]) < self.runs[0].config.epochs
        stopping = unfinished and should_stop()
        if stopping or self._checkpoints.is_due(epoch_ended=epoch_ended):
            self._save_checkpoints()
        if stopping:
            raise StopRequestedError

    def _save_checkpoints(self) -> None:
        """A disk that is full costs the checkpoint and not the training; the run's log tells."""
        began = time.monotonic()
        for index in sorted(self.active):
            run, state = self.runs[index], self._standing[index].state()
            if state is None:
                continue  # it diverged, which the loop will tell soon
            try:
                save_checkpoint(run_folder(self.store.folder, run), run, state)
            except OSError as error:
                print(f"run {run.id}: no checkpoint at epoch {state.epoch}, step {state.step}: {error}", flush=True)
        self._checkpoints.saved(began=began)

    def record(self, happened: RunEvent) -> None:
        run, event = self.runs[happened.index], happened.event
        self._standing[happened.index] = happened
        match event:
            case EpochRecord():
                self.store.record_epoch(run.id, event)
                self.epochs[happened.index].append(event)
            case StepRecord() if time.monotonic() - self._reported[happened.index] >= PROGRESS_SECONDS:
                self.store.record_progress(run.id, event)
                self._reported[happened.index] = time.monotonic()
            case TrainingDivergedError():
                self.store.record_diagnoses(run.id, [_diagnosed(event, run)])
                self._end(happened.index, RunStatus.DIVERGED)

    def score(self, group: Group, index: int, *, device: torch.device) -> None:
        """Score, save and complete one trained run; what goes wrong is this run's failure alone."""
        run, epochs = self.runs[index], self.epochs[index]
        try:
            require_finite(group.segmenters[index])
            record_scores(
                self.store,
                run,
                group.segmenters[index],
                prepared=group.prepared,
                validation=group.validation,
                epochs=epochs,
                frozen_tensors_changed=group.frozen_tensors_changed(),
            )
            self.store.record_artifact(run.id, save_model(group.segmenters[index], run, artifacts=self.store.folder))
        except Exception as error:
            self._end(index, RunStatus.FAILED, failure=failure_of(error, run, device=device))
            return
        train_seconds = sum(epoch.train_seconds for epoch in epochs)
        self._end(
            index,
            RunStatus.COMPLETED,
            train_seconds=train_seconds,
            images_per_second=len(group.training) * len(epochs) / train_seconds,
            peak_memory_mib=_peak_memory_mib(device),
        )

    def end_all(self, status: RunStatus, *, failure: Failure | None = None) -> None:
        """Every run that has not ended yet."""
        for index in sorted(self.active):
            self._end(index, status, failure=failure)

    def _end(self, index: int, status: RunStatus, *, failure: Failure | None = None, **figures: float) -> None:
        run_id = self.runs[index].id
        self.store.finish(run_id, status, failure=failure, **figures)
        if status in (RunStatus.COMPLETED, RunStatus.DIVERGED):
            remove_checkpoints(run_folder(self.store.folder, self.runs[index]))
        self.active.discard(index)
        self.ended[run_id] = status


def failure_of(error: Exception, run: RunRecord, *, device: torch.device) -> Failure:
    """What the database says of it; where memory ran out, with what would fit."""
    text = "".join(traceback.format_exception(error))
    if not is_out_of_memory(error):
        return Failure(kind="exception", message=f"{type(error).__name__}: {error}", traceback=text)
    traceback.clear_frames(error.__traceback__)
    advice = memory_advice(run.config, device=device)
    message = f"out of memory with batches of {run.config.batch_size} images of {run.config.image_size_px} px"
    return Failure(kind=KIND, message=f"{message}. {advice}", traceback=text)


def require_finite(segmenter: Segmenter) -> None:
    """Raises `ValueError` for weights that are not numbers, so that none is scored or saved."""
    for name, tensor in segmenter.state_dict().items():
        if not bool(torch.isfinite(tensor).all()):
            raise ValueError(f"the weights {name} are not finite")


def device_name(device: torch.device) -> str:
    """`cpu`, or the GPU's name."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"


def save_model(segmenter: Segmenter, run: RunRecord, *, artifacts: Path) -> ArtifactRecord:
    """Write the weights to `model.pt` in the run's folder, by temporary file and rename."""
    folder = run_folder(artifacts, run)
    folder.mkdir(parents=True, exist_ok=True)
    temporary, path = folder / f"model.{os.getpid()}.tmp", folder / "model.pt"
    torch.save(segmenter.state_dict(), temporary)
    sha256 = file_sha256(temporary)
    temporary.replace(path)
    return ArtifactRecord(kind="model", path=recorded_path(artifacts, path), sha256=sha256, bytes=path.stat().st_size)


def _diagnosed(error: TrainingDivergedError, run: RunRecord) -> Diagnosis:
    return divergence(
        epoch=error.epoch,
        step=error.step,
        last_loss=error.last_loss,
        norm_before=error.last_gradient_norm,
        norm=error.gradient_norm,
        learning_rate=run.config.learning_rate,
    )


def _peak_memory_mib(device: torch.device) -> float:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    return peak_memory_mib()
