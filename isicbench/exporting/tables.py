"""The views for people as files: Parquet for programs, CSV for spreadsheets."""

from collections.abc import Sequence
from pathlib import Path

from isicbench.analysis.columns import VIEWS
from isicbench.analysis.frames import view_frame
from isicbench.exporting.extras import require_package
from isicbench.exporting.spreadsheet import without_formulas
from isicbench.store.store import Store


def write_parquet(store: Store, run_ids: Sequence[int], folder: Path) -> None:
    """`results.parquet`, `epoch_results.parquet`, `image_results.parquet`, with the columns' types."""
    require_package("pyarrow", package="pyarrow", wanted_for="parquet")
    for view in VIEWS:
        view_frame(store, view, runs=run_ids).to_parquet(folder / f"{view}.parquet", engine="pyarrow", index=False)


def write_csv(store: Store, run_ids: Sequence[int], folder: Path) -> None:
    """`results.csv`, `epoch_results.csv`, `image_results.csv`: UTF-8, commas, every digit of every number."""
    for view in VIEWS:
        table = without_formulas(view_frame(store, view, runs=run_ids))
        table.to_csv(folder / f"{view}.csv", index=False, lineterminator="\n", encoding="utf-8")
