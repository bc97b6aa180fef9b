"""Whether images may live on the device, by the memory that is free there."""

import os

import numpy as np
import psutil
import torch
from numpy.typing import NDArray

from isicbench.data.prepare import PreparedSplit
from isicbench.errors import ConfigError
from isicbench.training.images import Images, ResidentImages
from isicbench.training.streamed_images import StreamedImages

BUDGET_VARIABLE = "ISICBENCH_IMAGE_MEMORY_MIB"
SHARE = 0.5
"""Of the memory that is free: the rest is for the network, and for others."""


def place_images(split: PreparedSplit, *, device: torch.device, index: NDArray[np.int64] | None = None) -> Images:
    """A split's images, or those at the positions `index`: resident where they fit in the budget, else streamed.

    Which of the two it is changes speed and memory, and no result.
    """
    chosen = np.arange(len(split.image_ids)) if index is None else index
    whole = split.images.nbytes + split.masks.nbytes
    if whole * len(chosen) / len(split.image_ids) > image_budget_bytes(device):
        return StreamedImages(split.images, split.masks, chosen, device)
    return ResidentImages.of(split, index=index, device=device)


def image_budget_bytes(device: torch.device) -> float:
    """What `ISICBENCH_IMAGE_MEMORY_MIB` says, else this process's part of half of the memory that is free.

    On a CPU as many processes are reckoned with as have a place with this one's number of threads.
    Raises `ConfigError` for a value that is no number of MiB.
    """
    setting = os.environ.get(BUDGET_VARIABLE)
    if setting is not None:
        return _mib(setting) * 2**20
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return free * SHARE
    sharers = max(1, (os.cpu_count() or 1) // torch.get_num_threads())
    return psutil.virtual_memory().available * SHARE / sharers


def _mib(setting: str) -> float:
    try:
        value = float(setting)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise ConfigError(
            f"{BUDGET_VARIABLE} is {setting!r}, which is no number of MiB",
            hint=f"For example: export {BUDGET_VARIABLE}=4096. Without it, half of the free memory is used.",
        )
    return value
