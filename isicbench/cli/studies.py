"""`isicbench studies`: the studies that isicbench ships."""

from typing import Annotated

import typer

from isicbench.cli.app import single


def studies(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Print this one's file.", show_default=False)
    ] = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print a JSON schema of study files, for editors.")] = False,
) -> None:
    """List the studies that `isicbench run NAME` trains, or print one's file to start one's own from."""
    from importlib.resources import files

    from isicbench.choices import unknown
    from isicbench.cli.console import out
    from isicbench.cli.study_file import SUFFIX, shipped_studies

    if schema:
        import json

        from isicbench.cli.study_schema import study_schema

        typer.echo(json.dumps(study_schema(), indent=2))
        return
    known = shipped_studies()
    if name is None:
        for study, line in known.items():
            out.print(f"{study:16} {line}", markup=False, soft_wrap=True)
        return
    if name not in known:
        raise unknown("the study", name, list(known))
    typer.echo(files("isicbench.studies").joinpath(name + SUFFIX).read_text(), nl=False)


app = single(studies)
