"""`isicbench show RUN`: all that is known of one run."""

from isicbench.cli.app import single
from isicbench.cli.options import Database, Json, RunNumber


def show(
    run_id: RunNumber,
    db: Database = None,
    json: Json = False,
) -> None:
    """Show one run: its diagnoses, scores, curves, epochs, config and files."""
    from isicbench.cli.console import out, print_json
    from isicbench.report.json_records import run_details_to_json
    from isicbench.report.run_details import RunDetails, run_details
    from isicbench.store.store import open_store

    store = open_store(db, create=False)
    run = store.run(run_id)
    details = RunDetails(
        run=run,
        epochs=store.epochs([run_id]).get(run_id, []),
        evaluations=store.evaluations([run_id]).get(run_id, []),
        environment=store.environments([run_id]).get(run_id),
        artifacts=store.artifacts(run_id),
    )
    if json:
        print_json(run_details_to_json(details))
    else:
        out.print(run_details(details))


app = single(show)
