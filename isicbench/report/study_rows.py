"""Reading a study again and again while it runs: only what can still change."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from isicbench.records import FINISHED, EpochRecord, RunRecord
from isicbench.report.snapshot import Snapshot


class RunSource(Protocol):
    """What the store offers; the report knows no more of it."""

    def runs(self, *, run_ids: Sequence[int]) -> list[RunRecord]: ...

    def epochs(self, run_ids: Sequence[int]) -> Mapping[int, Sequence[EpochRecord]]: ...


class StudyRows:
    """Remembers finished runs with their epochs, so that a look costs what is unfinished and no more."""

    def __init__(self, source: RunSource) -> None:
        self._source = source
        self._runs: dict[int, RunRecord] = {}
        self._epochs: dict[int, Sequence[EpochRecord]] = {}

    def read(self, run_ids: Sequence[int]) -> Snapshot:
        """The runs as they stand now, in the order of `run_ids`; one that was removed is left out."""
        open_ids = [run_id for run_id in run_ids if run_id not in self._runs]
        read = {run.id: run for run in self._source.runs(run_ids=open_ids)} if open_ids else {}
        # After the runs: an epoch that ends in between is shown with the next look at the latest, none is missed.
        epochs = self._source.epochs(list(read)) if read else {}
        for run in read.values():
            if run.status in FINISHED:
                self._runs[run.id], self._epochs[run.id] = run, epochs.get(run.id, ())
        known, recorded = self._runs | read, {**self._epochs, **epochs}
        return Snapshot(
            runs=[known[run_id] for run_id in run_ids if run_id in known],
            epochs={run_id: recorded[run_id] for run_id in run_ids if recorded.get(run_id)},
        )
