"""What a network costs: parameters, and operations of one forward pass."""

from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkCost:
    parameters: int
    gflops: float
    """Of one image of the given size; a multiplication with its addition counts as two."""


@torch.no_grad()
def network_cost(network: nn.Module, *, size_px: int) -> NetworkCost:
    """Of a network that takes `(N, 3, size_px, size_px)` images; it is left in evaluation mode."""
    network.eval()
    with FlopCounterMode(display=False) as counter:
        network(torch.zeros(1, 3, size_px, size_px))
    return NetworkCost(
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        gflops=counter.get_total_flops() / 1e9,
    )
