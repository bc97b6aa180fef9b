"""What the order of runs is worth, where nothing but the runs takes time."""

from collections.abc import Callable, Sequence
from heapq import heapify, heapreplace

from benchmarks.run_lengths import RunLength
from isicbench.config import Config

Planned = tuple[Config, RunLength]


def utilisation(runs: Sequence[Planned], *, slots: int, longest_last: int) -> float:
    """Of slots that take the runs in their order, until `longest_last` are left: those go longest first, by epochs and
    the mean time an epoch of frozen and of fine-tuned runs, which is all that a scheduler can know."""
    expected = _expected_seconds(runs)
    split = max(0, len(runs) - longest_last)
    ordered = [*runs[:split], *sorted(runs[split:], key=lambda run: -expected(run[0]))]
    free_at = [0.0] * slots
    heapify(free_at)
    for _, length in ordered:
        heapreplace(free_at, free_at[0] + length.seconds)
    return sum(length.seconds for _, length in runs) / (slots * max(free_at))


def _expected_seconds(runs: Sequence[Planned]) -> Callable[[Config], float]:
    of: dict[bool, list[float]] = {True: [], False: []}
    for config, length in runs:
        of[config.frozen].extend(length.epochs)
    means = {frozen: sum(seconds) / len(seconds) for frozen, seconds in of.items() if seconds}
    return lambda config: config.epochs * means[config.frozen]
