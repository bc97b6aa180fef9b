"""Following a study on screen: a live view on a terminal, a line for each event elsewhere."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from rich.live import Live

from isicbench.cli.console import notes
from isicbench.report.progress import Snapshot, live_view, plain_lines
from isicbench.store.store import Store


class Follower:
    """Shows runs' rows as they change; `look` reads them once. A study gets new ones while it is trained: retries."""

    def __init__(
        self, store: Store, run_ids: Callable[[], Sequence[int]], *, slot_titles: Mapping[str, str] | None = None
    ) -> None:
        self._store = store
        self._run_ids = run_ids
        self._slot_titles = slot_titles or {}
        self._seen = self._read()
        self._live = Live(console=notes, auto_refresh=False) if notes.is_terminal else None

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def look(self) -> None:
        """Show what has changed since the last look."""
        now = datetime.now(UTC)
        snapshot = self._read()
        if self._live:
            view = live_view(snapshot, now=now, width=notes.width, slot_titles=self._slot_titles)
            self._live.update(view, refresh=True)
        else:
            for line in plain_lines(self._seen, snapshot, now=now):
                notes.print(line, markup=False, soft_wrap=True)
        self._seen = snapshot

    def _read(self) -> Snapshot:
        run_ids = self._run_ids()
        return Snapshot(runs=self._store.runs(run_ids=run_ids), epochs=self._store.epochs(run_ids))
