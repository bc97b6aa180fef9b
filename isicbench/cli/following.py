"""Following a study on screen: a live view on a terminal, a line for each event elsewhere."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from rich.live import Live

from isicbench.cli.console import draws_over, notes, say, while_somebody_reads
from isicbench.records import FINISHED, RunStatus
from isicbench.report.plain_progress import plain_lines
from isicbench.report.progress import live_view, study_counts
from isicbench.report.study_rows import StudyRows
from isicbench.store.store import Store

ENDED = FINISHED | {RunStatus.INTERRUPTED}


class Follower:
    """Shows runs' rows as they change; `look` reads them once. A study gets new ones while it is trained: retries."""

    def __init__(
        self, store: Store, run_ids: Callable[[], Sequence[int]], *, slot_titles: Mapping[str, str] | None = None
    ) -> None:
        self._rows = StudyRows(store)
        self._run_ids = run_ids
        self._slot_titles = slot_titles or {}
        self._seen = self._rows.read(run_ids())
        self._live = Live(console=notes, auto_refresh=False) if draws_over() else None

    def __enter__(self) -> Self:
        if self._live:
            with while_somebody_reads():
                self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            with while_somebody_reads():
                self._live.stop()

    @property
    def counts(self) -> str:
        """How many runs have which status."""
        return study_counts(self._seen.runs)

    @property
    def ended(self) -> bool:
        """Whether nothing was queued or running at the last look."""
        return all(run.status in ENDED for run in self._seen.runs)

    def look(self) -> None:
        """Show what has changed since the last look."""
        now = datetime.now(UTC)
        snapshot = self._rows.read(self._run_ids())
        if self._live:
            width, height = notes.size
            view = live_view(snapshot, now=now, width=width, height=height, slot_titles=self._slot_titles)
            with while_somebody_reads():
                self._live.update(view, refresh=True)
        else:
            for line in plain_lines(self._seen, snapshot, now=now):
                say(line)
        self._seen = snapshot
