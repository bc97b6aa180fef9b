"""How often a run tells the database where it stands."""

PROGRESS_SECONDS = 1.0
"""At most one progress row in so many seconds and run, so that recording costs next to nothing."""
BEAT_SECONDS = 4.0
"""At least one in so many, however much it costs: less than what the scheduler allows a worker beyond the longest
standstill."""
COST_SHARE = 0.01
"""Telling may take this share of the time: where hundreds of slots write to one database, each of them less often."""


def pause_after(cost: float) -> float:
    """Seconds until the next record, after one that took `cost` seconds."""
    return min(max(PROGRESS_SECONDS, cost / COST_SHARE), BEAT_SECONDS)
