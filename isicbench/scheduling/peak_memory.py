"""The most memory that a run takes of its device, in a worker that has had others before."""

import torch

from isicbench.compute.memory import give_freed_memory_back, peak_memory_mib, reset_peak_memory


def begin_peak(device: torch.device) -> None:
    """Begin anew; what the run before has left is given back by now."""
    reset_peak_memory()
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def give_memory_back(device: torch.device) -> None:
    """What ended runs have left, to the system and to the device: it is neither the next run's peak, nor missing to
    other slots while this one has nothing to do."""
    give_freed_memory_back()
    if device.type == "cuda":
        torch.cuda.empty_cache()


def peak_mib(device: torch.device) -> float:
    """Since `begin_peak`: of the GPU's memory what torch reserved, else of the process's memory what was resident."""
    if device.type == "cuda":
        return torch.cuda.max_memory_reserved(device) / 2**20
    return peak_memory_mib()
