"""Printing what a config can name, built in or of another package."""

from collections.abc import Sequence
from dataclasses import asdict

from isicbench.cli.console import notes, out, print_json
from isicbench.plugins import ListedPart
from isicbench.report.network_tables import parts_table


def print_parts(parts: Sequence[ListedPart], *, heading: str, json: bool) -> None:
    """A table, or JSON; why plugins cannot be used stands beneath, on standard error."""
    if json:
        print_json([asdict(part) for part in parts])
        return
    out.print(parts_table(parts, heading=heading))
    print_problems([part.problem for part in parts])


def print_problems(problems: Sequence[str]) -> None:
    """Those that are not empty, a line each."""
    for problem in filter(None, problems):
        notes.print(f"Warning: {problem}", markup=False, style="yellow", soft_wrap=True)
