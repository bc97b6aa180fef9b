"""What the database says of a run that went wrong."""

import traceback

import torch

from isicbench.evaluation.diagnosis import divergence
from isicbench.records import Diagnosis, Failure, RunRecord
from isicbench.scheduling.device_health import KIND as DEVICE
from isicbench.scheduling.device_health import computes
from isicbench.scheduling.disk_space import KIND as DISK_FULL
from isicbench.scheduling.disk_space import is_disk_full
from isicbench.scheduling.out_of_memory import KIND, is_out_of_memory, memory_advice
from isicbench.training.loop import TrainingDivergedError


def failure_of(error: Exception, run: RunRecord, *, device: torch.device) -> Failure:
    """What the database says of it; where memory ran out, with what would fit."""
    text = "".join(traceback.format_exception(error))
    if not is_out_of_memory(error):
        kind = DISK_FULL if is_disk_full(error) else "exception" if computes(device) else DEVICE
        return Failure(kind=kind, message=f"{type(error).__name__}: {error}", traceback=text)
    traceback.clear_frames(error.__traceback__)
    advice = memory_advice(run.config, device=device)
    message = f"out of memory with batches of {run.config.batch_size} images of {run.config.image_size_px} px"
    return Failure(kind=KIND, message=f"{message}. {advice}", traceback=text)


def diagnosed(error: TrainingDivergedError, run: RunRecord) -> Diagnosis:
    """Where a training diverged."""
    return divergence(
        epoch=error.epoch,
        step=error.step,
        last_loss=error.last_loss,
        norm_before=error.last_gradient_norm,
        norm=error.gradient_norm,
        learning_rate=run.config.learning_rate,
    )
