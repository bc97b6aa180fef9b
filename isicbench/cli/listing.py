"""`isicbench list`: the runs in the database."""

from typing import Annotated

import typer

from isicbench.cli.app import single
from isicbench.cli.options import Database, Json
from isicbench.records import RunStatus


def list_runs(
    status: Annotated[
        list[RunStatus] | None, typer.Option("--status", help="Only runs with this status; repeat for several.")
    ] = None,
    study: Annotated[int | None, typer.Option("--study", metavar="N", help="Only this study's runs.")] = None,
    db: Database = None,
    json: Json = False,
) -> None:
    """List the runs in the database."""
    from isicbench.cli.console import out, print_json
    from isicbench.report.json_records import runs_to_json
    from isicbench.report.listing import runs_listing
    from isicbench.store.store import open_store

    store = open_store(db, create=False)
    runs = store.runs(statuses=status or None, study_id=study)
    evaluations = store.evaluations([run.id for run in runs])
    if json:
        print_json(runs_to_json(runs, evaluations))
    else:
        out.print(runs_listing(runs, evaluations))


app = single(list_runs)
