"""The most memory that a run takes of its device, in a worker that has had others before."""

import torch

from isicbench.compute.memory import peak_memory_mib, reset_peak_memory


def begin_peak(device: torch.device) -> None:
    """Begin anew, with what the run before has left given back."""
    reset_peak_memory()
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)


def peak_mib(device: torch.device) -> float:
    """Since `begin_peak`: of the GPU's memory what torch reserved, else of the process's memory what was resident."""
    if device.type == "cuda":
        return torch.cuda.max_memory_reserved(device) / 2**20
    return peak_memory_mib()
