"""`isicbench doctor`: what this machine lacks."""

from typing import Annotated

import typer

from isicbench.cli.app import single
from isicbench.cli.options import Database, Json


def doctor(
    db: Database = None,
    address: Annotated[
        str | None,
        typer.Option(
            "--address", metavar="HOST:PORT", help="Dashboard of a Ray cluster: whether it answers without a token."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Check this machine: packages, devices, disk, data, weights, database.

    Each finding says what to do; the exit code is 1 where something must be mended.
    """
    from dataclasses import asdict

    from rich.table import Table

    from isicbench.cli.console import out, print_json
    from isicbench.doctor import examine

    findings = examine(db, ray_address=address)
    if json:
        print_json([asdict(finding) for finding in findings])
    else:
        marks = {"ok": "[green]ok[/]", "note": "[yellow]note[/]", "wrong": "[red]WRONG[/]"}
        table = Table(box=None, show_header=False)
        table.add_column()
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for finding in findings:
            text = finding.message + (f"\n→ {finding.advice}" if finding.advice else "")
            table.add_row(marks[finding.level], finding.what, text)
        out.print(table)
    if any(finding.level == "wrong" for finding in findings):
        raise typer.Exit(1)


app = single(doctor)
