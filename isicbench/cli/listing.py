"""`isicbench list`: the runs in the database."""

from typing import Annotated

import typer

from isicbench.cli.app import single
from isicbench.cli.options import Database, Experiments, Json, Since, Statuses, Study, Tags


def list_runs(
    experiment: Experiments = None,
    study: Study = None,
    status: Statuses = None,
    since: Since = None,
    tag: Tags = None,
    last: Annotated[
        int | None,
        typer.Option("--last", metavar="N", min=0, help="Only the N newest; 0 lists all.  [default: 100, all as JSON]"),
    ] = None,
    db: Database = None,
    json: Json = False,
) -> None:
    """List the runs in the database."""
    from isicbench.cli.console import out, print_json
    from isicbench.cli.selecting import selected_runs
    from isicbench.report.json_records import runs_to_json
    from isicbench.report.listing import NEWEST, newest, runs_listing
    from isicbench.store.store import open_store

    store = open_store(db, create=False)
    runs = selected_runs(
        store, study=study, statuses=status or (), since=since, experiments=experiment or (), tags=tag or ()
    )
    if json:
        chosen = newest(runs, last=last or 0)
        print_json(runs_to_json(chosen, store.evaluations([run.id for run in chosen])))
        return
    shown = newest(runs, last=NEWEST if last is None else last)
    out.print(runs_listing(runs, store.evaluations([run.id for run in shown]), shown=shown))


app = single(list_runs)
