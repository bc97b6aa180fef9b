"""One run from its claim to its scores: the one place that knows training and the store."""

import hashlib
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from isicbench.compute.environment import describe_environment
from isicbench.compute.memory import peak_memory_mib, reset_peak_memory
from isicbench.config import Config
from isicbench.data.prepare import Prepared, load_prepared
from isicbench.data.splits import hold_out
from isicbench.evaluation.diagnosis import divergence
from isicbench.models.segmenter import Segmenter, build_segmenter
from isicbench.records import (
    ArtifactRecord,
    EpochRecord,
    Failure,
    RunRecord,
    RunStatus,
    StepRecord,
)
from isicbench.scheduling.run_folder import recorded_path, run_folder
from isicbench.scheduling.scores import record_scores, resident
from isicbench.store.store import Store
from isicbench.training.images import ResidentImages
from isicbench.training.loop import TrainingDivergedError, train

PROGRESS_SECONDS = 1.0
"""At most one progress row a second, so that recording costs next to nothing."""


class StopRequestedError(Exception):
    """The worker was asked to stop, and did so between two steps."""


def execute(store: Store, run: RunRecord, *, device: torch.device, should_stop: Callable[[], bool]) -> RunStatus:
    """Train and score a claimed run, recording as it goes; returns the status that it has now.

    Whatever training raises becomes the run's failure in the database, so that a worker outlives its runs.
    """
    reset_peak_memory()
    store.record_environment(run.id, describe_environment(device=device_name(device), threads=torch.get_num_threads()))
    try:
        _train_and_score(store, run, device=device, should_stop=should_stop)
    except StopRequestedError:
        store.finish(run.id, RunStatus.INTERRUPTED)
        return RunStatus.INTERRUPTED
    except TrainingDivergedError as error:
        found = divergence(
            epoch=error.epoch,
            step=error.step,
            last_loss=error.last_loss,
            norm_before=error.last_gradient_norm,
            norm=error.gradient_norm,
            learning_rate=run.config.learning_rate,
        )
        store.record_diagnoses(run.id, [found])
        store.finish(run.id, RunStatus.DIVERGED)
        return RunStatus.DIVERGED
    except Exception as error:
        store.finish(run.id, RunStatus.FAILED, failure=failure_of(error))
        return RunStatus.FAILED
    return RunStatus.COMPLETED


def failure_of(error: Exception) -> Failure:
    import traceback

    return Failure(
        kind="exception",
        message=f"{type(error).__name__}: {error}",
        traceback="".join(traceback.format_exception(error)),
    )


def device_name(device: torch.device) -> str:
    """`cpu`, or the GPU's name."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"


def _train_and_score(store: Store, run: RunRecord, *, device: torch.device, should_stop: Callable[[], bool]) -> None:
    prepared = load_prepared(run.config.dataset_fingerprint, size_px=run.config.image_size_px)
    training, validation = training_images(prepared, run.config, device=device)
    segmenter = build_segmenter(run.config, seed=run.seed).to(device).to(memory_format=torch.channels_last)
    before = copied_state(segmenter.encoder) if run.config.frozen else {}
    epochs = record_training(store, run, segmenter, training=training, validation=validation, should_stop=should_stop)
    record_scores(
        store,
        run,
        segmenter,
        prepared=prepared,
        validation=validation,
        epochs=epochs,
        frozen_tensors_changed=count_changed(segmenter.encoder, before),
    )
    store.record_artifact(run.id, save_model(segmenter, run, artifacts=store.folder))
    store.finish(
        run.id,
        RunStatus.COMPLETED,
        train_seconds=sum(epoch.train_seconds for epoch in epochs),
        images_per_second=len(training) * len(epochs) / sum(epoch.train_seconds for epoch in epochs),
        peak_memory_mib=_peak_memory_mib(device),
    )


def training_images(
    prepared: Prepared, config: Config, *, device: torch.device
) -> tuple[ResidentImages, ResidentImages]:
    """Training and validation images on the device, split as the config says."""
    if config.validate_on == "test":
        return resident(prepared.train, device=device), resident(prepared.test, device=device)
    ids = prepared.train.image_ids
    train_index, validation_index = hold_out(ids, share=config.validation_share, seed=config.validation_seed)
    images, masks = prepared.train.images, prepared.train.masks
    training = ResidentImages.load(image_ids=ids, images=images, masks=masks, index=train_index, device=device)
    return training, ResidentImages.load(
        image_ids=ids, images=images, masks=masks, index=validation_index, device=device
    )


def record_training(
    store: Store,
    run: RunRecord,
    segmenter: Segmenter,
    *,
    training: ResidentImages,
    validation: ResidentImages,
    should_stop: Callable[[], bool],
) -> list[EpochRecord]:
    """Train, and put every epoch and the progress between epochs into the store."""
    epochs: list[EpochRecord] = []
    reported = -PROGRESS_SECONDS
    for record in train(segmenter, run.config, seed=run.seed, training=training, validation=validation):
        match record:
            case EpochRecord():
                store.record_epoch(run.id, record)
                epochs.append(record)
            case StepRecord() if time.monotonic() - reported >= PROGRESS_SECONDS:
                store.record_progress(run.id, record)
                reported = time.monotonic()
        if should_stop() and len(epochs) < run.config.epochs:
            raise StopRequestedError
    return epochs


def copied_state(module: nn.Module) -> dict[str, Tensor]:
    """The module's weights and buffers as they are now."""
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def count_changed(module: nn.Module, before: Mapping[str, Tensor]) -> int:
    """How many of the tensors in `before` differ from the module's, to the last bit."""
    now = module.state_dict()
    return sum(not torch.equal(now[name], tensor) for name, tensor in before.items())


def save_model(segmenter: Segmenter, run: RunRecord, *, artifacts: Path) -> ArtifactRecord:
    """Write the weights to `model.pt` in the run's folder, by temporary file and rename."""
    folder = run_folder(artifacts, run)
    folder.mkdir(parents=True, exist_ok=True)
    temporary, path = folder / f"model.{os.getpid()}.tmp", folder / "model.pt"
    torch.save(segmenter.state_dict(), temporary)
    with temporary.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    temporary.replace(path)
    return ArtifactRecord(kind="model", path=recorded_path(artifacts, path), sha256=sha256, bytes=path.stat().st_size)


def _peak_memory_mib(device: torch.device) -> float:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    return peak_memory_mib()
