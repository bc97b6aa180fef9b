"""Which queued runs go to a slot together."""

from collections.abc import Callable, Hashable

from isicbench.records import RunRecord
from isicbench.store.store import Store
from isicbench.training.sharing import sharing_key

MOST_TOGETHER = 16
"""Runs in one group: more of them gain little, and all are lost together if their worker dies."""
LOOK_AHEAD = 256
"""Queued runs that are looked at: a study of 10,000 must not be read anew for each of its runs."""


def next_group(
    store: Store, study_id: int, *, slots: int, may_start: Callable[[RunRecord], bool] = lambda run: True
) -> list[int]:
    """The study's next queued run that may start, and those that can train beside it; empty where there is none.

    A frozen encoder's pass is the larger part of a step, so runs that share it share a slot; but where there are
    several slots, each gets its part of them. The retry of a run trains alone: if it was that run which killed its
    worker, it takes no other along again.
    """
    queued = [run for run in store.queued_runs(study_id, limit=LOOK_AHEAD) if may_start(run)]
    if not queued:
        return []
    key = _key(queued[0])
    if key is None:
        return [queued[0].id]
    alike = [run.id for run in queued if _key(run) == key]
    share = -(-len(alike) // slots)
    return alike[: min(share, MOST_TOGETHER)]


def _key(run: RunRecord) -> Hashable | None:
    return None if run.retry_of is not None else sharing_key(run.config, seed=run.seed)
