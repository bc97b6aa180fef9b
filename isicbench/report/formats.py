"""Every format of a report: a name, the file that it fills, and the function that renders it.

A format's module is imported when it is asked for: most need not draw.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # `isicbench report --help` need not load what compares
    from isicbench.report.rendering import Rendered, ReportRequest

Render = Callable[["ReportRequest"], "Rendered"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    file: str
    """What the file is called in a folder; its suffix tells a file's name from a folder's."""
    render: Render
    draws: bool = False
    """Whether pictures lie beside the file."""
    table_rows: int | None = None
    """Experiments in the comparative table at most, where the format takes more than others."""


def _markdown(request: "ReportRequest") -> "Rendered":
    from isicbench.report.markdown import render_report

    return render_report(request)


def _html(request: "ReportRequest") -> "Rendered":
    from isicbench.report.html.page import render_report

    return render_report(request)


def _latex(request: "ReportRequest") -> "Rendered":
    from isicbench.report.latex import render_report

    return render_report(request)


def _csv(request: "ReportRequest") -> "Rendered":
    from isicbench.report.csv_table import render_report

    return render_report(request)


def _json(request: "ReportRequest") -> "Rendered":
    from isicbench.report.report_json import render_report

    return render_report(request)


def _terminal(request: "ReportRequest") -> "Rendered":
    from isicbench.report.terminal import render_report

    return render_report(request)


FORMATS: dict[str, Format] = {
    "terminal": Format(file="report.txt", render=_terminal),
    "markdown": Format(file="report.md", render=_markdown, draws=True),
    "html": Format(file="report.html", render=_html, table_rows=1_000),
    "latex": Format(file="report.tex", render=_latex, draws=True),
    "csv": Format(file="report.csv", render=_csv),
    "json": Format(file="report.json", render=_json),
}
