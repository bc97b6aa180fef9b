"""Failures for want of memory: recognised, and answered with the batch size that would fit.

The scheduler needs the words of it and never a network, so torch is loaded only where an error or a device is at hand.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from isicbench.config import Config

if TYPE_CHECKING:
    import torch

KIND = "out_of_memory"
CPU_SIGNS = ("can't allocate memory", "DefaultCPUAllocator", "not enough memory")
GPU_SIGNS = ("CUDA error: out of memory", "CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED")
"""What CUDA and its libraries say of memory that is not torch's own."""
OWN_GROUPS = Path("/proc/self/cgroup")
GROUPS = Path("/sys/fs/cgroup")


def is_out_of_memory(error: BaseException) -> bool:
    import torch

    if isinstance(error, MemoryError | torch.cuda.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in CPU_SIGNS + GPU_SIGNS)


def memory_advice(config: Config, *, device: "torch.device | None") -> str:
    """What to type instead. On a GPU half the batch, and half of that, is tried until a step goes through; elsewhere,
    where such a try could have the system kill this process, it is only named."""
    if config.batch_size == 1:
        return "Even single images do not fit: try a smaller --size, or fewer slots on the device."
    if device is None or device.type != "cuda":
        return f"Try --batch-size {config.batch_size // 2}, a smaller --size, or fewer slots on the device."
    fitting = fitting_batch_size(config, device=device)
    if fitting is None:
        return "Not even single images fit: something else uses the device's memory."
    return f"{fitting} fit: --batch-size {fitting}"


def fitting_batch_size(config: Config, *, device: "torch.device") -> int | None:
    """The largest half, quarter, ... of the batch size with which a step goes through now."""
    batch_size = config.batch_size // 2
    while batch_size and not _step_fits(replace(config, batch_size=batch_size), device=device):
        batch_size //= 2
    return batch_size or None


def kernel_kills() -> int:
    """How many processes of this one's control group the kernel has killed for want of memory; 0 where it does not
    tell."""
    try:
        groups = dict(line.split(":", 2)[1:] for line in OWN_GROUPS.read_text().splitlines())
    except (OSError, ValueError):
        return 0
    return max((_kills(file) for file in _counters(groups)), default=0)


def _counters(groups: Mapping[str, str]) -> list[Path]:
    """Version 2's file and version 1's; within a container the group is the root of what is mounted."""
    second, first = groups.get("", "/").strip("/"), groups.get("memory", "/").strip("/")
    return [
        *(GROUPS / part / "memory.events" for part in dict.fromkeys([second, ""])),
        *(GROUPS / "memory" / part / "memory.oom_control" for part in dict.fromkeys([first, ""])),
    ]


def _kills(file: Path) -> int:
    try:
        counts = dict(line.split() for line in file.read_text().splitlines())
        return int(counts.get("oom_kill", 0))
    except (OSError, ValueError):
        return 0


def _step_fits(config: Config, *, device: "torch.device") -> bool:
    import torch

    from isicbench.models.segmenter import build_segmenter
    from isicbench.training.learners import learner_for

    torch.cuda.empty_cache()
    try:
        initial = replace(config, weights="random", weights_sha256="", compile=False)
        segmenter = build_segmenter(initial, seed=0).to(device).to(memory_format=torch.channels_last)
        side = config.image_size_px
        images = torch.zeros(config.batch_size, 3, side, side, device=device)
        masks = torch.zeros(config.batch_size, side, side, dtype=torch.uint8, device=device)
        learner_for([segmenter], [initial]).step(images, masks)
        torch.cuda.synchronize(device)
    except Exception as error:
        if is_out_of_memory(error):
            return False
        raise
    return True
