"""`isicbench export`: runs as files that other tools open."""

from pathlib import Path
from typing import Annotated

import typer

from isicbench.cli.app import single
from isicbench.cli.options import Database
from isicbench.exporting.targets import Target


def export(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new or empty folder.")],
    to: Annotated[Target, typer.Option("--to", help="For which tool; supplement is a folder to publish.")],
    study: Annotated[
        int | None, typer.Option("--study", metavar="N", help="Only this study's runs.  [default: all runs]")
    ] = None,
    db: Database = None,
) -> None:
    """Write runs as files that other tools open, or as a folder to publish.

    parquet and csv: the tables results, epoch_results and image_results. mlflow: a folder mlruns. tensorboard: event
    files, a folder a run. supplement: tables, report, database, environments, the command that repeats each run, a
    README and checksums. parquet, mlflow and tensorboard need pip install 'isicbench[export]'.
    """
    from isicbench.cli.console import notes, out
    from isicbench.errors import StoreError
    from isicbench.exporting.export import export as write
    from isicbench.store.store import open_store

    store = open_store(db, create=False)
    runs = store.runs() if study is None else store.study_runs(study)
    if not runs:
        raise StoreError(f"{store.url_shown} holds no runs", hint="Train some: isicbench run")
    files = write(store, runs, folder, target=to)
    counts = f"{len(runs)} run{'s' if len(runs) != 1 else ''} in {folder}, {len(files)} files"
    out.print(f"{counts}. To open it: {to.opened_by(str(folder))}", markup=False, soft_wrap=True)
    if to is Target.SUPPLEMENT:
        notes.print(
            "Before publishing: report/ and results.db hold small pictures of test images, and results.db host names "
            "and the commands as they were typed.",
            soft_wrap=True,
        )


app = single(export)
