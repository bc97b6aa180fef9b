"""Reading a study again and again while it runs: only what has changed."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from isicbench.records import FINISHED, EpochRecord, RunRecord, RunStatus
from isicbench.report.snapshot import Snapshot


class RunSource(Protocol):
    """What the store offers; the report knows no more of it."""

    def statuses(self, run_ids: Sequence[int]) -> Mapping[int, RunStatus]: ...

    def runs(self, *, run_ids: Sequence[int]) -> list[RunRecord]: ...

    def epochs(self, run_ids: Sequence[int]) -> Mapping[int, Sequence[EpochRecord]]: ...


class StudyRows:
    """Remembers what it has read, so that a look costs what is running, or stands otherwise than before, and no more:
    thousands may be queued."""

    def __init__(self, source: RunSource) -> None:
        self._source = source
        self._runs: dict[int, RunRecord] = {}
        self._epochs: dict[int, Sequence[EpochRecord]] = {}

    def read(self, run_ids: Sequence[int]) -> Snapshot:
        """The runs as they stand now, in the order of `run_ids`; one that was removed is left out.

        A run that has not changed is the same record as at the last look.
        """
        unfinished = [run_id for run_id in run_ids if not self._stands(run_id, FINISHED)]
        now = self._source.statuses(unfinished) if unfinished else {}
        changed = [run_id for run_id, status in now.items() if not self._stands(run_id, {status} - {RunStatus.RUNNING})]
        for run_id in {*unfinished} - {*now}:
            self._runs.pop(run_id, None)
        if changed:
            self._runs |= {run.id: run for run in self._source.runs(run_ids=changed)}
            # After the runs: an epoch that ends in between is shown with the next look at the latest, none is missed.
            self._epochs |= self._source.epochs(changed)
        return Snapshot(
            runs=[self._runs[run_id] for run_id in run_ids if run_id in self._runs],
            epochs={run_id: self._epochs[run_id] for run_id in run_ids if self._epochs.get(run_id)},
        )

    def _stands(self, run_id: int, statuses: Collection[RunStatus]) -> bool:
        """Whether the run had one of the statuses at the last look."""
        run = self._runs.get(run_id)
        return run is not None and run.status in statuses
