"""Which queued runs go to a slot together."""

from isicbench.store.store import Store
from isicbench.training.sharing import sharing_key

MOST_TOGETHER = 16
"""Runs in one group: more of them gain little, and all are lost together if their worker dies."""
LOOK_AHEAD = 256
"""Queued runs that are looked at: a study of 10,000 must not be read anew for each of its runs."""


def next_group(store: Store, study_id: int, *, slots: int) -> list[int]:
    """The study's next queued run, and those that can train beside it; empty where nothing is queued.

    A frozen encoder's pass is the larger part of a step, so runs that share it share a slot; but where there are
    several slots, each gets its part of them.
    """
    queued = store.queued_runs(study_id, limit=LOOK_AHEAD)
    if not queued:
        return []
    key = sharing_key(queued[0].config, seed=queued[0].seed)
    if key is None:
        return [queued[0].id]
    alike = [run.id for run in queued if sharing_key(run.config, seed=run.seed) == key]
    share = -(-len(alike) // slots)
    return alike[: min(share, MOST_TOGETHER)]
