"""What a network costs: parameters, operations of one forward pass, and the time of one image on a CPU."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate
from torch.utils.flop_counter import FlopCounterMode

from isicbench.models.decoders import plain_decoder
from isicbench.models.segmenter import Segmenter

WARM_UP_PASSES = 3
FEWEST_PASSES = 20
LATENCY_SECONDS = 1.0
"""A measurement goes on for so long, and for `FEWEST_PASSES` at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkCost:
    parameters: int
    gflops: float
    """Of one image of the given size; a multiplication with its addition counts as two."""


def network_cost(network: nn.Module, *, size_px: int) -> NetworkCost:
    """Of a network that takes `(N, 3, size_px, size_px)` images; it is left in evaluation mode."""
    network.eval()
    device = next(network.parameters()).device
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        _plain_forward(network)(torch.zeros(1, 3, size_px, size_px, device=device))
    return NetworkCost(
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        gflops=counter.get_total_flops() / 1e9,
    )


def cpu_latency_ms(network: nn.Module, *, size_px: int) -> float:
    """Median milliseconds of a batch of one on the CPU, with the threads that torch has; a network as above."""
    network.eval()
    forward = _plain_forward(network)
    image = torch.zeros(1, 3, size_px, size_px)
    with torch.inference_mode():
        for _ in range(WARM_UP_PASSES):
            forward(image)
        seconds: list[float] = []
        while len(seconds) < FEWEST_PASSES or sum(seconds) < LATENCY_SECONDS:
            began = time.perf_counter()
            forward(image)
            seconds.append(time.perf_counter() - began)
    return median(seconds) * 1000


def _plain_forward(network: nn.Module) -> Callable[[Tensor], object]:
    """Layer by layer in torch: what isicbench computes in other ways on a CPU would be hidden from the counter."""
    if not isinstance(network, Segmenter):
        return network
    encoder, decoder = network.encoder, plain_decoder(network.decoder)
    return lambda image: interpolate(decoder(encoder.plain(image)), size=image.shape[-2:], mode="bilinear")
