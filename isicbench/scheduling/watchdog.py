"""Tells where a worker stands still."""

import faulthandler
import math
import time


class Watchdog:
    """Writes every thread's stack to the run's log where nothing has moved for `seconds`; 0 never does.

    The scheduler then ends the process: one that hangs cannot.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._armed_at = -math.inf

    def __enter__(self) -> None:
        self._armed_at = -math.inf
        self.moved()

    def __exit__(self, *_: object) -> None:
        faulthandler.cancel_dump_traceback_later()

    def moved(self) -> None:
        """Begin to wait anew; at most once a second, as it starts a thread."""
        if self._seconds and time.monotonic() - self._armed_at >= 1:
            faulthandler.dump_traceback_later(self._seconds, exit=False)
            self._armed_at = time.monotonic()
