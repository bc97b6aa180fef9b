"""Time for simulations: what code takes counts as its processor time, what only passes is skipped."""

import asyncio
import selectors
import time
from collections.abc import Iterator
from contextlib import contextmanager


class VirtualClock:
    """Seconds of a processor that no other program crowds; actors that would each have one of their own take their
    turns apart."""

    def __init__(self) -> None:
        self._shift = -time.process_time()
        self.apart_seconds = 0.0
        """Processor time of what was done `apart`."""

    def now(self) -> float:
        return time.process_time() + self._shift

    def wait_until(self, moment: float) -> None:
        """Let nothing happen until then."""
        self._shift += max(0.0, moment - self.now())

    @contextmanager
    def apart(self, begin: float) -> Iterator[None]:
        """What is done within begins at `begin` and costs nobody else time; `now()` is the actor's own meanwhile."""
        before, real = self.now(), time.process_time()
        self._shift += begin - before
        try:
            yield
        finally:
            self._shift += before - self.now()
            self.apart_seconds += time.process_time() - real


class _SkippingSelector(selectors.DefaultSelector):
    """Where nothing is ready, time goes on to the next timer at once."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(timeout if timeout is None else 0)
        if not ready and timeout:
            self._clock.wait_until(self._clock.now() + timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop on a virtual clock."""

    def __init__(self, clock: VirtualClock) -> None:
        self._virtual_clock = clock
        super().__init__(_SkippingSelector(clock))

    def time(self) -> float:
        return self._virtual_clock.now()
