"""Whether bfloat16 pays on a device. Read from what the hardware declares, without torch."""

from collections.abc import Sequence
from pathlib import Path

import pynvml

from isicbench.compute.slots import Slot
from isicbench.config import Precision
from isicbench.errors import ConfigError

CPU_FLAG = "amx_bf16"
"""Matrix units. Vector instructions alone (avx512_bf16) gain too little for what the rounding costs:
docs/performance.md."""
FIRST_GPU_GENERATION = 8
"""Compute capability 8 (Ampere) is the first with bfloat16 units."""


def resolve_precision(choice: str, slots: Sequence[Slot]) -> Precision:
    """`fp32` and `bf16` as they stand; `auto` is `bf16` where every slot has units for it.

    The answer goes into the config, since it changes what is computed: a config that says `auto` would not determine a
    result. Raises `ConfigError` for another choice.
    """
    match choice:
        case "fp32" | "bf16":
            return choice
        case "auto":
            return "bf16" if slots and all(has_bf16(slot) for slot in slots) else "fp32"
    raise ConfigError(f"--precision {choice}: expected one of auto, fp32, bf16", hint="See: isicbench run --help")


def has_bf16(slot: Slot) -> bool:
    return _gpu_has_bf16(slot.uuid) if slot.device == "cuda" else CPU_FLAG in cpu_flags()


def cpu_flags(source: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """What the CPU declares on Linux; nothing elsewhere."""
    try:
        lines = source.read_text().splitlines()
    except OSError:
        return frozenset()
    return next((frozenset(line.split(":", 1)[1].split()) for line in lines if line.startswith("flags")), frozenset())


def _gpu_has_bf16(uuid: str) -> bool:
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return False
    try:
        major, _minor = pynvml.nvmlDeviceGetCudaComputeCapability(pynvml.nvmlDeviceGetHandleByUUID(uuid))
        return bool(major >= FIRST_GPU_GENERATION)
    except pynvml.NVMLError:
        return False
    finally:
        pynvml.nvmlShutdown()
