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
    rounds: tuple[float, ...] = ()
    """Seconds of each round, in order: two pieces of work that were timed together are compared round by round."""

    def to_dict(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Ratio:
    """Of two timings taken together, round by round; above 1 where the second took less time."""

    value: float
    lower_quartile: float
    upper_quartile: float


def time_alternating(work: Mapping[str, Callable[[], object]], *, rounds: int) -> dict[str, Timing]:
    """Do each once to warm up, then all in each of `rounds` (2 at least), forwards and backwards in turn."""
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


def ratio(slower: Timing, faster: Timing) -> Ratio:
    """How many times as fast the second is; both come from one `time_alternating`."""
    lower, middle, upper = _quartiles([a / b for a, b in zip(slower.rounds, faster.rounds, strict=True)])
    return Ratio(middle, lower, upper)


def _timing(walls: list[float], cpus: list[float]) -> Timing:
    lower, middle, upper = _quartiles(walls)
    return Timing(middle, lower, upper, statistics.median(cpus), tuple(walls))


def _quartiles(values: list[float]) -> list[float]:
    return statistics.quantiles(values, n=4, method="inclusive")
