"""Every format of a report: a name, the file that it fills, and the module that renders it.

A format's module is imported when it is asked for: most need not draw.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:  # `isicbench report --help` need not load what compares
    from isicbench.report.rendering import Rendered, ReportRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    file: str
    """What the file is called in a folder; its suffix tells a file's name from a folder's."""
    module: str
    """In `isicbench.report`; its `render_report` takes a `ReportRequest`."""
    draws: bool = False
    """Whether pictures lie beside the file."""
    table_rows: int | None = None
    """Experiments in the comparative table at most, where the format takes more than others."""

    def render(self, request: "ReportRequest") -> "Rendered":
        rendered = import_module(f"isicbench.report.{self.module}").render_report(request)
        return cast("Rendered", rendered)


FORMATS: dict[str, Format] = {
    "terminal": Format(file="report.txt", module="terminal"),
    "markdown": Format(file="report.md", module="markdown", draws=True),
    "html": Format(file="report.html", module="html.page", table_rows=1_000),
    "latex": Format(file="report.tex", module="latex", draws=True),
    "csv": Format(file="report.csv", module="csv_table"),
    "json": Format(file="report.json", module="report_json"),
}
