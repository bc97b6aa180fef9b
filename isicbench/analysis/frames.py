"""The views for people as DataFrames whose columns have their types."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from isicbench.analysis.columns import FLAG, MOMENT, VIEWS
from isicbench.store.store import Store, open_store
from isicbench.store.view_rows import View

Database = str | Path | None
"""A file or URL as `--db` takes it; None for `$ISICBENCH_DB`, or `results.db` in the working folder."""


def results(database: Database = None, *, runs: Iterable[int] | None = None) -> pd.DataFrame:
    """One row a completed run, by run number: the columns of the view `results`.

    IoU, Dice and shares are from 0 to 1, losses in nats; `train_seconds`, `peak_memory_mib` and `images_per_second`
    are in the units that they name; `started_at` and `finished_at` are in UTC. `frozen`, `compile` and `collapsed` are
    booleans; whole numbers that can be missing are `Int64`. `runs` selects runs by number.

    Raises `StoreError` where the database is absent, unreadable, or of another version's schema.
    """
    return _opened(database, "results", runs)


def epochs(database: Database = None, *, runs: Iterable[int] | None = None) -> pd.DataFrame:
    """One row an epoch of a run, whatever the run's status: the columns of the view `epoch_results`.

    A figure that was not finite is missing. Raises `StoreError`, as `results` does.
    """
    return _opened(database, "epoch_results", runs)


def image_scores(database: Database = None, *, runs: Iterable[int] | None = None) -> pd.DataFrame:
    """One row an image of an evaluation of a run: the columns of the view `image_results`.

    A run has an evaluation at its network's input size and one at the images' own, told apart by `resolution`, and
    those that `isicbench evaluate` added, with `final` False. `hausdorff95_px` is in pixels of the resolution, the four
    counts are pixels. Raises `StoreError`, as `results` does.
    """
    return _opened(database, "image_results", runs)


def view_frame(store: Store, view: View, *, runs: Iterable[int] | None = None) -> pd.DataFrame:
    """A view of a store that is open already, typed as above."""
    found = store.view_rows(view, run_ids=None if runs is None else list(runs))
    frame = pd.DataFrame(found.rows, columns=list(found.columns), dtype=object)
    return pd.DataFrame({name: _typed(frame[name], kind) for name, kind in VIEWS[view].items()})


def _opened(database: Database, view: View, runs: Iterable[int] | None) -> pd.DataFrame:
    store = open_store(None if database is None else str(database), create=False)
    try:
        return view_frame(store, view, runs=runs)
    finally:
        store.close()


def _typed(values: Any, kind: str) -> Any:
    if kind == MOMENT:  # text in SQLite
        return pd.to_datetime(values, utc=True, format="ISO8601").astype(MOMENT)
    if kind == FLAG:  # 0 and 1 in SQLite
        return values.astype("int64").astype(FLAG)
    return values.astype(kind)
