"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

Database = Annotated[
    str | None,
    typer.Option("--db", help="Database file or URL.  [default: $ISICBENCH_DB, or results.db here]", metavar="URL"),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
DatasetName = Annotated[
    str, typer.Option("--dataset", metavar="NAME", help="isic2016, synthetic, or folder (with --data-dir).")
]
DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="Folder in the challenge's layout, used where it lies.", metavar="FOLDER"),
]
Size = Annotated[int, typer.Option("--size", metavar="PX", help="Side of the network's input, in pixels.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
