"""Whether a device still computes."""

import torch

from isicbench.scheduling.out_of_memory import is_out_of_memory

KIND = "device"
"""The failure of a run whose device stopped computing under it."""


def computes(device: torch.device) -> bool:
    """Whether the device does what it is asked to in this process.

    After some errors (an illegal access, an assertion that failed in a kernel, a card that fell off its bus) CUDA
    refuses everything else that the process asks for: whatever it was handed would fail. A device that is merely full
    computes.
    """
    if device.type != "cuda":
        return True
    try:
        torch.ones(1, device=device).sum().item()
    except RuntimeError as error:
        return is_out_of_memory(error)
    return True
