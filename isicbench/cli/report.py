"""`isicbench report`: tables, curves and pictures from the database."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from isicbench.cli.app import single
from isicbench.cli.options import Database


class Format(StrEnum):
    HTML = "html"
    MARKDOWN = "markdown"
    TERMINAL = "terminal"


def report(
    format: Annotated[Format, typer.Option("--format", "-f", help="What to render.")] = Format.TERMINAL,  # noqa: A002
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where files go; named report.md and so on.")
    ] = Path("reports"),
    study: Annotated[
        int | None, typer.Option("--study", metavar="N", help="Only this study's runs.  [default: all runs]")
    ] = None,
    db: Database = None,
) -> None:
    """Render the comparative table, the curves and the pictures from the database."""
    from isicbench.cli.console import out
    from isicbench.errors import StoreError
    from isicbench.report.terminal import terminal_report
    from isicbench.store.store import open_store

    store = open_store(db, create=False)
    runs = store.runs() if study is None else store.study_runs(study)
    if not runs:
        raise StoreError(f"{store.url_shown} holds no runs", hint="Train some: isicbench run")
    if format is Format.TERMINAL:
        out.print(terminal_report(store, runs))
        return
    if format is Format.HTML:
        from isicbench.report.html.page import write_html as write
    else:
        from isicbench.report.markdown import write_markdown as write
    for path in write(store, runs, out=output):
        out.print(str(path), markup=False, soft_wrap=True)


app = single(report)
