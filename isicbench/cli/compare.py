"""`isicbench compare`: which experiment is better, and how sure that is."""

from enum import StrEnum
from typing import Annotated

import typer

from isicbench.cli.app import single
from isicbench.cli.options import Database, Json, Since, Statuses, Study, Tags


class Resolution(StrEnum):
    AUTO = "auto"
    TRAINING = "training"
    ORIGINAL = "original"


class Split(StrEnum):
    TEST = "test"
    VALIDATION = "validation"


def compare(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="EXPERIMENT",
            help="Names as the report prints them, parts of names, or runs' numbers.  [default: all experiments]",
            show_default=False,
        ),
    ] = None,
    metric: Annotated[
        str,
        typer.Option(
            "--metric",
            metavar="METRIC",
            help="What to compare: a metric that isicbench metrics lists, another package's as PACKAGE:NAME.",
        ),
    ] = "dice",
    resolution: Annotated[
        Resolution,
        typer.Option("--resolution", help="auto: original where every experiment was scored at it, else training."),
    ] = Resolution.AUTO,
    split: Annotated[Split, typer.Option("--split", help="Which images.")] = Split.TEST,
    study: Study = None,
    status: Statuses = None,
    since: Since = None,
    tag: Tags = None,
    db: Database = None,
    json: Json = False,
) -> None:
    """Compare experiments on the same images: intervals, tests, and what they allow to say."""
    from isicbench.cli.console import out, print_json
    from isicbench.cli.selecting import selected_runs
    from isicbench.report.comparison_json import comparison_to_json
    from isicbench.report.comparison_of_names import compare_named
    from isicbench.report.comparison_tables import comparison_report
    from isicbench.store.store import open_store

    store = open_store(db, create=False)
    wanted = None if resolution is Resolution.AUTO else resolution.value
    runs = selected_runs(store, study=study, statuses=status or (), since=since, experiments=(), tags=tag or ())
    contents = compare_named(store, runs, names=names or [], metric=metric, split=split.value, resolution=wanted)
    if json:
        print_json(comparison_to_json(contents))
    else:
        out.print(comparison_report(contents))


app = single(compare)
