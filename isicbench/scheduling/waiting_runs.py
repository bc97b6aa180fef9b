"""The runs of a study that wait for a slot, and in which order they get one."""

from collections.abc import Callable, Collection

from isicbench.records import QueuedRun
from isicbench.scheduling.expected_time import ExpectedTime
from isicbench.scheduling.side_by_side import next_group
from isicbench.store.store import Store

LOOK_SECONDS = 0.5
LOOK_AHEAD = 256
"""Queued runs that are looked at: a study of 10,000 must not be read anew for each of its runs."""
LAST_A_SLOT = 4
"""So many queued runs a slot before the end the longest go first, so that the slots end together."""


class WaitingRuns:
    """What the database says is queued, asked for at most twice a second, however many slots ask.

    The grid's order holds until the study comes to its end: every experiment gets a first run soon. Then the run that
    is expected to take longest goes first; on a single slot that would change nothing but the order.
    """

    def __init__(self, store: Store, study_id: int, *, slots: int) -> None:
        self._store = store
        self._study_id = study_id
        self._slots = slots
        self._expected = ExpectedTime(store)
        self._queued: list[QueuedRun] = []
        self.look_again()

    def look_again(self) -> None:
        """At the next question: runs were queued."""
        self._fresh_until = 0.0

    @property
    def none_left(self) -> bool:
        """Whether nothing was queued at the last look, or all of it has been given out."""
        return not self._queued

    def take_group(
        self, *, in_hand: Collection[int], now: float, may_start: Callable[[QueuedRun], bool] = lambda run: True
    ) -> list[int]:
        """Runs for one slot, not to be given out again from this look; empty where none waits that may start, but those
        `in_hand`.

        `now` is the event loop's time.
        """
        if now >= self._fresh_until:
            self._queued = self._look(in_hand)
            self._fresh_until = now + LOOK_SECONDS
        taken = next_group([run for run in self._queued if may_start(run)], slots=self._slots)
        self._queued = [run for run in self._queued if run.id not in taken]
        return taken

    def _look(self, in_hand: Collection[int]) -> list[QueuedRun]:
        last = LAST_A_SLOT * self._slots if self._slots > 1 else 0
        limit = max(LOOK_AHEAD, last + 1) + len(in_hand)
        queued = [run for run in self._store.queued_runs(self._study_id, limit=limit) if run.id not in in_hand]
        return queued if len(queued) > last else self._expected.longest_first(queued)
