"""`isicbench report`: tables, curves and pictures from the database, in the format that is asked for."""

from isicbench.cli.app import single
from isicbench.cli.options import Database, Experiments, Since, Statuses, Study, Tags
from isicbench.cli.report_options import (
    Columns,
    Decimals,
    FormatName,
    Output,
    PictureKind,
    PictureWidth,
    SortColumn,
    TableName,
    WithPublished,
)
from isicbench.report.formats import FORMATS


def report(
    format: FormatName = "terminal",  # noqa: A002
    output: Output = None,
    experiment: Experiments = None,
    study: Study = None,
    status: Statuses = None,
    since: Since = None,
    tag: Tags = None,
    table: TableName = None,
    columns: Columns = None,
    sort: SortColumn = None,
    precision: Decimals = None,
    pictures: PictureKind = None,
    picture_width: PictureWidth = None,
    with_published: WithPublished = False,
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
