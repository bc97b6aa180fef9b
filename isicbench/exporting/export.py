"""An export into a new folder that appears whole or not at all."""

from collections.abc import Sequence
from pathlib import Path

from isicbench.data.whole_folder import whole_folder
from isicbench.errors import DataError
from isicbench.exporting.mlflow_runs import write_mlruns
from isicbench.exporting.supplement import write_supplement
from isicbench.exporting.tables import write_csv, write_parquet
from isicbench.exporting.targets import Target
from isicbench.exporting.tensorboard_events import write_events
from isicbench.exporting.tracked_runs import tracked_runs
from isicbench.records import RunRecord
from isicbench.store.store import Store

HINT = "Check free space and permissions, or name another folder."


def export(store: Store, runs: Sequence[RunRecord], folder: Path, *, target: Target) -> list[Path]:
    """Write the runs into `folder`, which is new or empty; gives the files.

    Raises `DataError` where something lies there already, `IsicbenchError` where a package is missing.
    """
    folder = folder.expanduser().resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(f"{folder} is there already", hint="Name a new folder, or an empty one.")
    run_ids = [run.id for run in runs]
    with whole_folder(folder, hint=HINT) as partial:
        match target:
            case Target.PARQUET:
                write_parquet(store, run_ids, partial)
            case Target.CSV:
                write_csv(store, run_ids, partial)
            case Target.MLFLOW:
                write_mlruns(tracked_runs(store, runs), partial, target=folder)
            case Target.TENSORBOARD:
                write_events(tracked_runs(store, runs), partial)
            case Target.SUPPLEMENT:
                write_supplement(store, runs, partial)
    return sorted(path for path in folder.rglob("*") if path.is_file())
