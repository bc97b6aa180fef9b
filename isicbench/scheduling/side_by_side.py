"""Which queued runs go to a slot together."""

from collections.abc import Collection, Hashable

from isicbench.records import RunRecord
from isicbench.scheduling.expected_time import ExpectedTime
from isicbench.store.store import Store
from isicbench.training.sharing import sharing_key

MOST_TOGETHER = 16
"""Runs in one group: more of them gain little, and all are lost together if their worker dies."""
LOOK_AHEAD = 256
"""Queued runs that are looked at: a study of 10,000 must not be read anew for each of its runs."""
LAST_A_SLOT = 4
"""So many queued runs a slot before the end the longest go first, so that the slots end together."""


def next_group(
    store: Store,
    study_id: int,
    *,
    slots: int,
    in_hand: Collection[int] = (),
    expected: ExpectedTime | None = None,
) -> list[int]:
    """The study's next queued run, and those that can train beside it; empty where nothing is queued but what slots
    have `in_hand`.

    The grid's order holds until the study comes to its end: every experiment gets a first run soon. Then the run that
    is `expected` to take longest comes first. A frozen encoder's pass is the larger part of a step, so runs that share
    it share a slot; but where there are several slots, each gets its part of them. The retry of a run trains alone: if
    it was that run which killed its worker, it takes no other along again.
    """
    last = LAST_A_SLOT * slots if slots > 1 else 0
    limit = max(LOOK_AHEAD, last + 1) + len(in_hand)
    queued = [run for run in store.queued_runs(study_id, limit=limit) if run.id not in in_hand]
    if not queued:
        return []
    if expected is not None and len(queued) <= last:
        queued = expected.longest_first(queued)
    key = _key(queued[0])
    if key is None:
        return [queued[0].id]
    alike = [run.id for run in queued if _key(run) == key]
    share = -(-len(alike) // slots)
    return alike[: min(share, MOST_TOGETHER)]


def _key(run: RunRecord) -> Hashable | None:
    return None if run.retry_of is not None else sharing_key(run.config, seed=run.seed)
