"""Where a rendered report goes: a folder, a file, or standard output."""

import sys
from pathlib import Path

from rich.console import Console, Group

from isicbench.cli.console import HarmlessConsole, out
from isicbench.errors import ConfigError
from isicbench.report.files import write_file
from isicbench.report.formats import FORMATS, Format
from isicbench.report.layout import Layout
from isicbench.report.rendering import Rendered

STANDARD_OUTPUT = "-"
DEFAULT_FOLDER = "reports"
LOG_COLUMNS = 80
"""Of a text file, which has no width of its own."""


def destination(output: str | None, *, format: str, table: str | None) -> Path | None:  # noqa: A002
    """The report's own file; None for standard output.

    A name that ends as the format's files do is a file, any other a folder; a table alone is called by its name there.
    """
    if output == STANDARD_OUTPUT or (output is None and format == "terminal"):
        return None
    chosen = Path(DEFAULT_FOLDER if output is None else output)
    usual = Path(FORMATS[format].file)
    if chosen.suffix == usual.suffix and not chosen.is_dir():
        return chosen
    return chosen / (usual.with_stem(table) if table else usual)


def require_pictures(layout: Layout, chosen: Format, place: Path | None) -> None:
    """Raises `ConfigError` where pictures are asked for and there will be none."""
    if (layout.pictures or layout.picture_width) and (not chosen.draws or place is None or layout.table):
        drawing = ", ".join(name for name, known in FORMATS.items() if known.draws)
        raise ConfigError(
            "--pictures and --picture-width: nothing is drawn here",
            hint=f"Pictures lie beside a whole report in a folder, of the formats: {drawing}",
        )


def deliver(rendered: Rendered, place: Path | None) -> None:
    """Write the files and print their paths, the report's own first, or print the text.

    The report's own file is written last, so that it never names one that is not there yet.
    """
    if place is None:
        _print(rendered.body)
        return
    beside = [write_file(place.parent / name, content) for name, content in rendered.files.items()]
    for path in (write_file(place, _text(rendered.body).encode()), *beside):
        out.print(str(path), markup=False, soft_wrap=True)


def _print(body: str | Group) -> None:
    if isinstance(body, Group):
        out.print(body)
    else:
        sys.stdout.write(body)


def _text(body: str | Group) -> str:
    """Without colour, and 80 columns wide."""
    if isinstance(body, str):
        return body
    console: Console = HarmlessConsole(width=LOG_COLUMNS, color_system=None, force_terminal=False, highlight=False)
    with console.capture() as capture:
        console.print(body)
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())
