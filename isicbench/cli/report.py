"""`isicbench report`: tables, curves and pictures from the database, in the format that is asked for."""

from typing import Annotated

import typer

from isicbench.cli.app import single
from isicbench.cli.options import Database, Experiments, Since, Statuses, Study, Tags
from isicbench.report.formats import FORMATS
from isicbench.report.layout import PICTURE_KINDS, PICTURE_WIDTHS, TABLES


def report(
    format: Annotated[  # noqa: A002
        str, typer.Option("--format", "-f", metavar="FORMAT", help=f"What to render: {', '.join(FORMATS)}.")
    ] = "terminal",
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="A folder, a file, or - for standard output.  [default: reports, or the screen for terminal]",
        ),
    ] = None,
    experiment: Experiments = None,
    study: Study = None,
    status: Statuses = None,
    since: Since = None,
    tag: Tags = None,
    table: Annotated[
        str | None, typer.Option("--table", metavar="NAME", help=f"This table alone: {', '.join(TABLES)}.")
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option("--columns", metavar="A,B,C", help="Of the comparative table, or of --table."),
    ] = None,
    sort: Annotated[
        str | None,
        typer.Option("--sort", metavar="COLUMN", help="Sort the same table, smallest first; -COLUMN: largest first."),
    ] = None,
    precision: Annotated[
        int | None, typer.Option("--precision", metavar="N", help="Digits of scores and losses after the point.")
    ] = None,
    pictures: Annotated[
        str | None,
        typer.Option("--pictures", metavar="KIND", help=f"{', '.join(PICTURE_KINDS)}.  [default: png; pdf for latex]"),
    ] = None,
    picture_width: Annotated[
        str | None,
        typer.Option(
            "--picture-width",
            metavar="WIDTH",
            help=f"{', or '.join(PICTURE_WIDTHS)} (3.5 inches, for a paper).  [default: page; column for latex]",
        ),
    ] = None,
    with_published: Annotated[
        bool,
        typer.Option("--with-published", help="What others published on ISIC 2016, as a table of its own beneath."),
    ] = False,
    db: Database = None,
) -> None:
    """Render the comparative table, the curves and the pictures from the database."""
    from isicbench.choices import unknown
    from isicbench.cli.delivery import deliver, destination, require_pictures
    from isicbench.cli.selecting import nothing_selected, selected_runs
    from isicbench.errors import StoreError
    from isicbench.report.contents import read_contents
    from isicbench.report.extent import ROWS
    from isicbench.report.layout import read_layout
    from isicbench.report.rendering import ReportRequest
    from isicbench.store.store import open_store

    if format not in FORMATS:
        raise unknown("--format", format, FORMATS)
    layout = read_layout(
        table=table,
        columns=columns,
        sort=sort,
        precision=precision,
        pictures=pictures,
        picture_width=picture_width,
        with_published=with_published,
    )
    place = destination(output, format=format, table=layout.table)
    require_pictures(layout, FORMATS[format], place)
    store = open_store(db, create=False)
    runs = selected_runs(
        store, study=study, statuses=status or (), since=since, experiments=experiment or (), tags=tag or ()
    )
    if not runs:
        raise StoreError(nothing_selected(store), hint="See what there is: isicbench list. Train: isicbench run")
    contents = read_contents(store, runs, table_rows=FORMATS[format].table_rows or ROWS)
    request = ReportRequest(source=store, contents=contents, layout=layout, beside=place is not None)
    deliver(FORMATS[format].render(request), place)


app = single(report)
