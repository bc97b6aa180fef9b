"""How long a queued run will take, by what runs like it have taken."""

import time
from collections.abc import Sequence
from statistics import mean

from isicbench.records import QueuedRun
from isicbench.store.store import Store

FRESH_SECONDS = 60.0
"""After which the completed runs are asked anew."""


class ExpectedTime:
    """Seconds an epoch of completed runs that share network, size and what of it is trained, times the epochs."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._asked_at: float | None = None
        self._known: dict[tuple[object, ...], float] = {}

    def longest_first(self, runs: Sequence[QueuedRun]) -> list[QueuedRun]:
        """The runs in another order; those that are expected to take equally long stay in theirs.

        A network of which no run is completed counts as the others do in the mean; where none is, epochs alone count.
        """
        known = self._seconds_an_epoch()
        usual = mean(known.values()) if known else 1.0
        return sorted(runs, key=lambda run: -run.config.epochs * known.get(_like(run), usual))

    def _seconds_an_epoch(self) -> dict[tuple[object, ...], float]:
        now = time.monotonic()
        if self._asked_at is None or now - self._asked_at > FRESH_SECONDS:
            self._known, self._asked_at = self._store.seconds_an_epoch(), now
        return self._known


def _like(run: QueuedRun) -> tuple[object, ...]:
    config = run.config
    return config.dataset_fingerprint, config.encoder, config.decoder, config.frozen, config.image_size_px
