"""Which devices this machine has. Read through NVML, so that asking costs no CUDA context and no torch import."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pynvml

from isicbench.errors import DeviceError

MINIMUM_FREE_MIB = 2048
"""A GPU with less free memory is filled by somebody else: the study's training at batch 32 would not fit."""

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpu:
    """A CUDA device or a MIG instance of one. `index` is the position among those that this process may see."""

    index: int
    uuid: str
    name: str
    memory_mib: int
    free_mib: int

    @property
    def filled(self) -> bool:
        return self.free_mib < MINIMUM_FREE_MIB


def visible_gpus(read: Callable[[], Sequence[Gpu]] | None = None) -> list[Gpu]:
    """The GPUs that `CUDA_VISIBLE_DEVICES` leaves visible, numbered from 0 in its order."""
    found = list((read or read_gpus)())
    setting = os.environ.get("CUDA_VISIBLE_DEVICES")
    if setting is None:
        return found
    return _numbered(_select(found, setting))


def read_gpus() -> list[Gpu]:
    """Every GPU that NVML reports, in PCI order, a MIG-enabled one as its instances; none without a driver."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return []
    try:
        handles = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
        return _numbered([_read_gpu(part) for handle in handles for part in _instances(handle)])
    except pynvml.NVMLError as error:
        raise DeviceError(f"the NVIDIA driver does not answer: {error}", hint="Try: nvidia-smi") from error
    finally:
        pynvml.nvmlShutdown()


def driver_version() -> str:
    """The NVIDIA driver's version; empty without a driver."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return ""
    try:
        return str(pynvml.nvmlSystemGetDriverVersion())
    except pynvml.NVMLError:
        return ""
    finally:
        pynvml.nvmlShutdown()


def _instances(handle: object) -> list[object]:
    """The MIG instances of a GPU in MIG mode (only they can be computed on), else the GPU itself."""
    try:
        current, _pending = pynvml.nvmlDeviceGetMigMode(handle)
    except pynvml.NVMLError:
        return [handle]
    if current != pynvml.NVML_DEVICE_MIG_ENABLE:
        return [handle]
    found = []
    for i in range(pynvml.nvmlDeviceGetMaxMigDeviceCount(handle)):
        try:
            found.append(pynvml.nvmlDeviceGetMigDeviceHandleByIndex(handle, i))
        except pynvml.NVMLError:
            continue  # an unused place
    return found


def _read_gpu(handle: object) -> Gpu:
    memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
    return Gpu(
        index=0,
        uuid=str(pynvml.nvmlDeviceGetUUID(handle)),
        name=str(pynvml.nvmlDeviceGetName(handle)),
        memory_mib=int(memory.total) // MIB,
        free_mib=int(memory.free) // MIB,
    )


def _select(found: Sequence[Gpu], setting: str) -> list[Gpu]:
    """As CUDA reads the variable: indices or UUID prefixes; the first entry that names none ends the list."""
    chosen: list[Gpu] = []
    for entry in (part.strip() for part in setting.split(",")):
        matches = [g for g in found if (entry.isdigit() and g.index == int(entry)) or (entry and _is_uuid(g, entry))]
        if len(matches) != 1 or matches[0] in chosen:
            break
        chosen.append(matches[0])
    return chosen


def _is_uuid(gpu: Gpu, entry: str) -> bool:
    return not entry.isdigit() and gpu.uuid.startswith(entry)


def _numbered(gpus: Sequence[Gpu]) -> list[Gpu]:
    return [
        Gpu(index=i, uuid=g.uuid, name=g.name, memory_mib=g.memory_mib, free_mib=g.free_mib) for i, g in enumerate(gpus)
    ]
