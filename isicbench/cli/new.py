"""`isicbench new`: a package to start a plugin from."""

from pathlib import Path
from typing import Annotated

import typer

from isicbench.cli.app import single
from isicbench.plugins import Kind


def new(
    kind: Annotated[Kind, typer.Argument(metavar="KIND", help="What it adds to isicbench.", show_default=False)],
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The package's, such as lesion-nets.", show_default=False)
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FOLDER", help="Where its folder goes.  [default: here]")
    ] = None,
) -> None:
    """Write a package that adds an encoder, decoder, loss, dataset or metric, with its test, to start from."""
    from isicbench.cli.console import out
    from isicbench.plugin_packages.writing import write_package

    written = write_package(kind, name, output=output or Path())
    out.print(f"Written: {written.folder}", markup=False, soft_wrap=True)
    for line in (f"pip install --editable {written.folder}", f"pytest {written.folder}", written.use):
        out.print(f"  {line}", markup=False, soft_wrap=True)


app = single(new)
