"""The database's one write lock in virtual time: writers take turns, each for as long as its transaction takes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.pool import Pool

from benchmarks.virtual_time import VirtualClock
from isicbench.store.server import WRITES


@dataclass(slots=True)
class WriteLock:
    """Who begins a writing transaction waits until the one before has ended."""

    clock: VirtualClock
    statement_seconds: float = 0.0
    """A server's distance: what each statement, begin and commit costs more."""
    commit_seconds: float = 0.0
    """What a slower disk takes more for each commit."""
    free_at: float = 0.0
    held_seconds: float = 0.0
    waited_seconds: float = 0.0
    writes: int = 0
    statements: int = 0
    """Begins and commits of writing transactions included."""
    _held_since: float | None = None

    def pass_through(self, begin: float, *, seconds: float, statements: int) -> float:
        """A write that is not really done: when it has ended."""
        held = seconds + statements * self.statement_seconds + self.commit_seconds
        start = max(begin, self.free_at)
        self.free_at = start + held
        self.waited_seconds += start - begin
        self.held_seconds += held
        self.writes += 1
        self.statements += statements
        return self.free_at

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Every engine's transactions of this thread."""
        listeners = (
            (Engine, "begin", self._begin),
            (Engine, "before_cursor_execute", self._execute),
            (Engine, "commit", self._commit),
            (Pool, "checkin", self._end),
        )
        for target, name, listener in listeners:
            event.listen(target, name, listener)
        try:
            yield
        finally:
            for target, name, listener in listeners:
                event.remove(target, name, listener)

    def _begin(self, connection: Connection) -> None:
        if connection.get_execution_options().get(WRITES, False):
            now = self.clock.now()
            self.waited_seconds += max(0.0, self.free_at - now)
            self.clock.wait_until(self.free_at)
            self._held_since = self.clock.now()

    def _execute(self, *_: Any) -> None:
        self._count()

    def _commit(self, _connection: Connection) -> None:
        if self._held_since is not None:
            self._count()
            self.clock.wait_until(self.clock.now() + self.commit_seconds)

    def _count(self) -> None:
        self.statements += 1
        if self.statement_seconds:
            self.clock.wait_until(self.clock.now() + self.statement_seconds)

    def _end(self, *_: Any) -> None:
        if self._held_since is None:
            return
        self.free_at = self.clock.now()
        self.held_seconds += self.free_at - self._held_since
        self.writes += 1
        self._held_since = None
