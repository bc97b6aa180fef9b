"""Slots: the places that run one run at a time, made from what `--devices` names."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from isicbench.compute.devices import MINIMUM_FREE_MIB, Gpu
from isicbench.errors import DeviceError

HINT = "Expected: auto, cuda, cuda:0,2, cpu or cpu:2"
CPU = re.compile(r"cpu(?::(\d+))?")
CUDA = re.compile(r"cuda(?::(\d+(?:,\d+)*))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A device, or a share of one. `name` is unique on a host: `cpu:1`, `cuda:GPU-5f2c/0`."""

    name: str
    device: str
    """`cpu` or `cuda`: within its worker process a slot's GPU is the only one visible."""
    uuid: str = ""
    title: str
    """How the live display calls the slot."""
    threads: int

    @property
    def environment(self) -> dict[str, str]:
        """Variables that confine the slot's worker to its device and its share of the cores."""
        return {
            "CUDA_VISIBLE_DEVICES": self.uuid,
            "OMP_NUM_THREADS": str(self.threads),
            "MKL_NUM_THREADS": str(self.threads),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotPlan:
    slots: tuple[Slot, ...]
    remarks: tuple[str, ...] = field(default=())
    """What the user should know about the choice: no GPU found, a filled one passed over."""


def plan_slots(devices: str, *, jobs_per_device: int, gpus: Sequence[Gpu], cores: int) -> SlotPlan:
    """The slots for `--devices`; raises `DeviceError` for a device that is not there or cannot be read."""
    if jobs_per_device < 1:
        raise DeviceError(f"--jobs-per-device {jobs_per_device}: expected 1 or more")
    if match := CPU.fullmatch(devices):
        return SlotPlan(slots=_cpu_slots(int(match[1] or 1) * jobs_per_device, cores=cores))
    if devices == "auto":
        return _automatic(jobs_per_device=jobs_per_device, gpus=gpus, cores=cores)
    if match := CUDA.fullmatch(devices):
        named = _named(match[1], gpus)
        return SlotPlan(slots=_gpu_slots(named, jobs_per_device=jobs_per_device, cores=cores))
    raise DeviceError(f"--devices {devices}: not a device", hint=HINT)


def _automatic(*, jobs_per_device: int, gpus: Sequence[Gpu], cores: int) -> SlotPlan:
    free = [gpu for gpu in gpus if not gpu.filled]
    if free:
        slots = _gpu_slots(free, jobs_per_device=jobs_per_device, cores=cores)
        return SlotPlan(slots=slots, remarks=tuple(_passed_over(gpu) for gpu in gpus if gpu.filled))
    if gpus:
        raise DeviceError(
            "every GPU is filled: " + "; ".join(f"cuda:{g.index} has {g.free_mib} MiB free" for g in gpus),
            hint="Name one to use it all the same (--devices cuda:0), or train on the CPU (--devices cpu)",
        )
    remark = "No CUDA device found: training on the CPU."
    return SlotPlan(slots=_cpu_slots(jobs_per_device, cores=cores), remarks=(remark,))


def _passed_over(gpu: Gpu) -> str:
    return (
        f"cuda:{gpu.index} ({gpu.name}) is passed over: {gpu.free_mib} MiB of {gpu.memory_mib} MiB free, "
        f"less than {MINIMUM_FREE_MIB} MiB. Name it to use it all the same: --devices cuda:{gpu.index}"
    )


def _named(indices: str | None, gpus: Sequence[Gpu]) -> list[Gpu]:
    if not gpus:
        raise DeviceError("no CUDA device found", hint="Look at: isicbench doctor. To train on the CPU: --devices cpu")
    if indices is None:
        return list(gpus)
    wanted = dict.fromkeys(int(index) for index in indices.split(","))
    if missing := [index for index in wanted if index >= len(gpus)]:
        there = ", ".join(f"cuda:{gpu.index} ({gpu.name})" for gpu in gpus)
        raise DeviceError(f"no device cuda:{missing[0]}; there are: {there}", hint=HINT)
    return [gpus[index] for index in wanted]


def _gpu_slots(gpus: Sequence[Gpu], *, jobs_per_device: int, cores: int) -> tuple[Slot, ...]:
    threads = max(1, cores // (len(gpus) * jobs_per_device))
    return tuple(
        Slot(
            name=f"cuda:{gpu.uuid}/{share}",
            device="cuda",
            uuid=gpu.uuid,
            title=f"cuda:{gpu.index}" + (f"/{share}" if jobs_per_device > 1 else ""),
            threads=threads,
        )
        for gpu in gpus
        for share in range(jobs_per_device)
    )


def _cpu_slots(count: int, *, cores: int) -> tuple[Slot, ...]:
    if not 1 <= count <= 1024:
        raise DeviceError(f"{count} slots on the CPU: expected 1 to 1024", hint=HINT)
    threads = max(1, cores // count)
    return tuple(Slot(name=f"cpu:{i}", device="cpu", title=f"cpu:{i}", threads=threads) for i in range(count))
