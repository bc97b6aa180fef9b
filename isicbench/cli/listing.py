"""`isicbench list`: the runs in the database."""

from isicbench.cli.app import single
from isicbench.cli.options import Database, Experiments, Json, Since, Statuses, Study


def list_runs(
    experiment: Experiments = None,
    study: Study = None,
    status: Statuses = None,
    since: Since = None,
    db: Database = None,
    json: Json = False,
) -> None:
    """List the runs in the database."""
    from isicbench.cli.console import out, print_json
    from isicbench.cli.selecting import selected_runs
    from isicbench.report.json_records import runs_to_json
    from isicbench.report.listing import runs_listing
    from isicbench.store.store import open_store

    store = open_store(db, create=False)
    runs = selected_runs(store, study=study, statuses=status or (), since=since, experiments=experiment or ())
    evaluations = store.evaluations([run.id for run in runs])
    if json:
        print_json(runs_to_json(runs, evaluations))
    else:
        out.print(runs_listing(runs, evaluations))


app = single(list_runs)
