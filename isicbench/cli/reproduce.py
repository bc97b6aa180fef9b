"""`isicbench reproduce RUN`: train a finished run once more, and compare."""

from typing import TYPE_CHECKING, Annotated

import typer

from isicbench.cli.app import single
from isicbench.cli.options import Database, DataDir, Json, RunNumber

if TYPE_CHECKING:
    from isicbench.report.repetition import Repetition
    from isicbench.store.store import Store


def reproduce(
    run_id: RunNumber,
    into: Annotated[
        str, typer.Option("--into", metavar="URL", help="Database of the repetition; may be the run's own.")
    ] = "repeated.db",
    data_dir: DataDir = None,
    weights: Annotated[
        str | None,
        typer.Option("--weights", metavar="FILE", help="The run's first weights, where this machine lacks them."),
    ] = None,
    devices: Annotated[
        str | None,
        typer.Option(
            "--devices", metavar="DEVICE", help="auto, cpu, or cuda:0.  [default: as the run, with as many threads]"
        ),
    ] = None,
    tolerance: Annotated[
        float,
        typer.Option(
            "--tolerance", metavar="D", min=0, help="Of losses and scores, where machine, packages or threads differ."
        ),
    ] = 0.02,
    db: Database = None,
    json: Json = False,
) -> None:
    """Train a finished run once more, with the same config and seed, and compare its figures.

    On the same machine, with the same packages and threads, they must be equal to the last bit, else within the
    tolerance: losses, IoU and Dice of every epoch, and IoU and Dice of the test set. The repetition is a new run in a
    study tagged repetition-of-UID. Ends with 0 where they agree, with 13 where they do not. Another dataset (by its
    fingerprint) or other weights (by their SHA-256) than the run's are refused.
    """
    from isicbench.cli.console import notes, out, print_json, progress_bars
    from isicbench.cli.machines import slots_for
    from isicbench.cli.study import command_line, trained_code
    from isicbench.report.repetition import repetition_table
    from isicbench.report.rich_tables import rich_table
    from isicbench.scheduling.local_workers import ThisMachine
    from isicbench.scheduling.one_machine import require_one_machine
    from isicbench.scheduling.repetition import alike, repetition_request, tag_of
    from isicbench.scheduling.safeguards import Safeguards
    from isicbench.store.store import open_store

    store = open_store(db, create=False)
    run = store.run(run_id)
    environment = store.environments([run.id]).get(run.id)
    on_cpu = environment is not None and environment.device == "cpu"
    plan = slots_for(devices or ("cpu" if on_cpu else "auto"), jobs_per_device=1)
    machines = ThisMachine(plan if devices else alike(plan, environment))
    with progress_bars() as progress:
        request = repetition_request(store, run, data_dir=data_dir, weights=weights, progress=progress)
    for remark in plan.remarks:
        notes.print(remark, markup=False)
    target = open_store(into)
    require_one_machine(target)
    study = target.add_study(command_line(), [request], force=True, tags=[tag_of(run)])
    if code := trained_code(target, study, machines, Safeguards()):
        raise typer.Exit(code)
    found = _compared(store, run_id, target, target.study_runs(study.id)[-1].id, tolerance=tolerance)
    if json:
        print_json(_to_json(found))
    else:
        out.print(rich_table(repetition_table(found)))
        if not found.beyond:
            out.print(f"\n{found.sentence}", markup=False, soft_wrap=True)
    found.require()


def _compared(store: "Store", run_id: int, target: "Store", repeated_id: int, *, tolerance: float) -> "Repetition":
    from isicbench.report.repetition import RunFigures, compare_repetition

    first, again = (
        RunFigures(
            run=place.run(number),
            epochs=place.epochs([number]).get(number, []),
            evaluations=place.evaluations([number]).get(number, []),
            environment=place.environments([number]).get(number),
        )
        for place, number in ((store, run_id), (target, repeated_id))
    )
    return compare_repetition(first, again, tolerance=tolerance)


def _to_json(found: "Repetition") -> dict[str, object]:
    from isicbench.report.data_table import finite

    return {
        "run": found.run.id,
        "repeated": found.repeated.id,
        "agrees": not found.beyond,
        "equal": not found.differing,
        "other_surroundings": list(found.others),
        "tolerance": found.tolerance,
        "figures": [
            {"where": p.where, "figure": p.figure, "recorded": finite(p.recorded), "repeated": finite(p.repeated)}
            for p in found.pairs
        ],
    }


app = single(reproduce)
