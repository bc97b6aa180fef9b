"""Which queued runs go to a slot together."""

from collections.abc import Hashable, Sequence

from isicbench.records import QueuedRun
from isicbench.training.sharing import sharing_key

MOST_TOGETHER = 16
"""Runs in one group: more of them gain little, and all are lost together if their worker dies."""


def next_group(queued: Sequence[QueuedRun], *, slots: int) -> list[int]:
    """The next queued run, and those that can train beside it; empty where nothing is queued.

    A frozen encoder's pass is the larger part of a step, so runs that share it share a slot; but where there are
    several slots, each gets its part of them. The retry of a run trains alone: if it was that run which killed its
    worker, it takes no other along again.
    """
    if not queued:
        return []
    key = _key(queued[0])
    if key is None:
        return [queued[0].id]
    alike = [run.id for run in queued if _key(run) == key]
    share = -(-len(alike) // slots)
    return alike[: min(share, MOST_TOGETHER)]


def _key(run: QueuedRun) -> Hashable | None:
    return None if run.retry_of is not None else sharing_key(run.config, seed=run.seed)
