"""`isicbench rm`: remove runs."""

import shutil
from typing import Annotated

import typer

from isicbench.cli.app import single
from isicbench.cli.options import Database, Yes


def remove(
    run_ids: Annotated[
        list[int], typer.Argument(metavar="RUN...", help="Runs' numbers, as isicbench list prints them.")
    ],
    yes: Yes = False,
    db: Database = None,
) -> None:
    """Remove runs with all that belongs to them.

    Epochs, scores, predictions and files go. Asks first.
    """
    from isicbench.cli.console import out
    from isicbench.errors import IsicbenchError
    from isicbench.report.listing import runs_listing
    from isicbench.scheduling.run_folder import run_folder
    from isicbench.store.store import open_store

    store = open_store(db, create=False)
    runs = [store.run(run_id) for run_id in dict.fromkeys(run_ids)]
    ids = [run.id for run in runs]
    out.print(runs_listing(runs, store.evaluations(ids)))
    if not yes:
        typer.confirm(f"Remove {len(runs)} run{'s' if len(runs) != 1 else ''} for good?", abort=True)
    store.remove_runs(ids)
    left: list[str] = []
    for run in runs:
        shutil.rmtree(run_folder(store.folder, run), onerror=lambda _, path, error: left.append(_line(path, error[1])))
    out.print(f"Removed: {', '.join(map(str, ids))}")
    if left:
        files = "\n".join(f"  {line}" for line in left)
        raise IsicbenchError(
            f"the runs are removed, but not all of their files\n{files}",
            hint="Check permissions, then: isicbench prune",
        )


def _line(path: str, error: BaseException) -> str:
    return f"{path}: {getattr(error, 'strerror', None) or error}"


app = single(remove)
