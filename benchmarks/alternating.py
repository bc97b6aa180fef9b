"""Timing of several pieces of work in one process, in alternating order, so that what disturbs one disturbs all."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """Medians over the rounds; the quartiles tell the spread."""

    seconds: float
    lower_quartile: float
    upper_quartile: float
    cpu_seconds: float
    """Of this process, all threads: what a neighbour on the same cores takes away does not count."""

    def to_dict(self) -> dict[str, float]:
        return asdict(self)


def time_alternating(work: Mapping[str, Callable[[], object]], *, rounds: int) -> dict[str, Timing]:
    """Do each once to warm up, then all in each of `rounds`, forwards and backwards in turn."""
    walls: dict[str, list[float]] = {name: [] for name in work}
    cpus: dict[str, list[float]] = {name: [] for name in work}
    for name in work:
        work[name]()
    for turn in range(rounds):
        for name in list(work) if turn % 2 else reversed(list(work)):
            cpu, wall = time.process_time(), time.perf_counter()
            work[name]()
            walls[name].append(time.perf_counter() - wall)
            cpus[name].append(time.process_time() - cpu)
    return {name: _timing(walls[name], cpus[name]) for name in work}


def _timing(walls: list[float], cpus: list[float]) -> Timing:
    lower, middle, upper = statistics.quantiles(walls, n=4, method="inclusive")
    return Timing(middle, lower, upper, statistics.median(cpus))
