"""The options of `isicbench report` that say what to render, and how."""

from typing import Annotated

import typer

from isicbench.report.formats import FORMATS
from isicbench.report.layout import PICTURE_KINDS, PICTURE_WIDTHS, TABLES

FormatName = Annotated[
    str, typer.Option("--format", "-f", metavar="FORMAT", help=f"What to render: {', '.join(FORMATS)}.")
]
Output = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="PATH",
        help="A folder, a file, or - for standard output.  [default: reports, or the screen for terminal]",
    ),
]
TableName = Annotated[
    str | None, typer.Option("--table", metavar="NAME", help=f"This table alone: {', '.join(TABLES)}.")
]
Columns = Annotated[
    str | None,
    typer.Option("--columns", metavar="A,B,C", help="Of the comparative table, or of --table."),
]
SortColumn = Annotated[
    str | None,
    typer.Option("--sort", metavar="COLUMN", help="Sort the same table, smallest first; -COLUMN: largest first."),
]
Decimals = Annotated[
    int | None, typer.Option("--precision", metavar="N", help="Digits of scores and losses after the point.")
]
PictureKind = Annotated[
    str | None,
    typer.Option("--pictures", metavar="KIND", help=f"{', '.join(PICTURE_KINDS)}.  [default: png; pdf for latex]"),
]
PictureWidth = Annotated[
    str | None,
    typer.Option(
        "--picture-width",
        metavar="WIDTH",
        help=f"{', or '.join(PICTURE_WIDTHS)} (3.5 inches, for a paper).  [default: page; column for latex]",
    ),
]
WithPublished = Annotated[
    bool,
    typer.Option("--with-published", help="What others published on ISIC 2016, as a table of its own beneath."),
]
