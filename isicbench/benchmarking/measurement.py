"""What a measurement found, before it is printed, drawn or written."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from isicbench.benchmarking.alternating import Ratio, Timing, ratio, time_alternating

Work = dict[str, Callable[[], object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How many times as fast one way of a part is as another; for a share, what part of the other's time it takes."""

    part: str
    name: str
    ratio: Ratio


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Ways to do the same work, timed in turns."""

    name: str
    images: int
    """That one pass of each way goes over; 0 where the work has no images."""
    timings: dict[str, Timing]
    comparisons: tuple[Comparison, ...]


def measure_part(
    name: str,
    work: Work,
    *,
    images: int,
    rounds: int,
    device: torch.device,
    compared: dict[str, tuple[str, str]],
) -> Part:
    """Time `work`; `compared` names ratios by the slower and the faster way."""
    timings = time_alternating({way: _finished(do, device) for way, do in work.items()}, rounds=rounds)
    return Part(
        name=name,
        images=images,
        timings=timings,
        comparisons=tuple(
            Comparison(part=name, name=title, ratio=ratio(timings[slower], timings[faster]))
            for title, (slower, faster) in compared.items()
        ),
    )


def _finished(work: Callable[[], object], device: torch.device) -> Callable[[], object]:
    """On a GPU work is only begun when its call returns."""
    if device.type != "cuda":
        return work

    def done() -> None:
        work()
        torch.cuda.synchronize(device)

    return done
