"""The report as LaTeX: a document that compiles as it stands, and each of its tables as a file of its own.

A paper reads the tables by `\\input{reports/tables/results}`; they need the package booktabs and nothing else.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from jinja2 import Environment, PackageLoader, StrictUndefined

from isicbench.errors import ConfigError
from isicbench.report.contents import ReportContents
from isicbench.report.data_table import DataTable
from isicbench.report.latex_table import Marks, dice_ties, latex_table, marks_of
from isicbench.report.latex_text import escape_latex
from isicbench.report.layout import Layout
from isicbench.report.rendering import Rendered, ReportRequest
from isicbench.report.report_pictures import FigurePaths, draw_pictures
from isicbench.report.report_tables import report_tables, shown_remarks
from isicbench.report.style import COLUMN_INCHES, Sheet

ROWS_A_TABLE = 40
"""Of a tabular, which does not break across pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A table's file in the document; a long table has several."""

    name: str
    table: DataTable
    marks: Marks

    @property
    def caption(self) -> str:
        return " ".join([f"{escape_latex(self.table.title)}.", *_notes(self.table, self.marks)])


_BLANK_LINES = re.compile(r"\n{3,}")


def render_report(request: ReportRequest) -> Rendered:
    """`report.tex` with its tables and pictures.

    One table alone where the layout names it, and on standard output.
    """
    layout, compared = request.layout, request.contents.comparisons
    ties = dice_ties(compared.dice if compared else None)
    if request.layout.pictures == "svg":
        raise ConfigError("LaTeX includes no svg", hint="Write --pictures pdf, or --pictures png")
    if layout.table or not request.beside:
        table = report_tables(request.contents, layout)[layout.arranged]
        return Rendered(body=table_fragment(table, marks_of(table, ties)))
    sheet = Sheet.of(layout, kind="pdf", width="column")
    pictures = draw_pictures(request.source, request.contents, sheet)
    tables = [table for table in report_tables(request.contents, layout).values() if table.rows]
    parts = [part for table in tables for part in _parts(table, marks_of(table, ties))]
    text = render_document(request.contents, layout, parts, _figures(pictures.paths, sheet))
    fragments = {f"tables/{part.name}.tex": table_fragment(part.table, part.marks).encode() for part in parts}
    return Rendered(body=text, files={**fragments, **pictures.files})


def table_fragment(table: DataTable, marks: Marks) -> str:
    """The tabular beneath comments that say what its figures are."""
    notes = "".join(f"% {note}\n" for note in _notes(table, marks))
    return notes + latex_table(table, marks)


def render_document(
    contents: ReportContents, layout: Layout, parts: Sequence[Part], figures: Sequence[Mapping[str, str]]
) -> str:
    """The document's text; every name in it is escaped."""
    text = (
        _environment()
        .get_template("report.tex.j2")
        .render(
            report=contents,
            remarks=shown_remarks(contents, layout),
            tables=[{"name": part.name, "caption": part.caption} for part in parts],
            figures=figures,
        )
    )
    return _BLANK_LINES.sub("\n\n", text).strip() + "\n"


def _parts(table: DataTable, marks: Marks) -> list[Part]:
    """`runs`, or `runs-1`, `runs-2` and so on, where it is long."""
    if len(table.rows) <= ROWS_A_TABLE:
        return [Part(name=table.name, table=table, marks=marks)]
    return [
        Part(
            name=f"{table.name}-{number}",
            table=replace(table, rows=table.rows[start : start + ROWS_A_TABLE]),
            marks=marks,
        )
        for number, start in enumerate(range(0, len(table.rows), ROWS_A_TABLE), start=1)
    ]


def _notes(table: DataTable, marks: Marks) -> list[str]:
    return [escape_latex(note) for note in (table.caption, *marks.lines) if note]


def _figures(paths: FigurePaths, sheet: Sheet) -> list[dict[str, str]]:
    captions = {
        "loss": "Train and validation loss over epochs, the same scale in every panel",
        "scores": "Validation IoU and Dice over epochs",
        "thresholds": "Validation Dice by threshold, and the reliability of the test pixels' probabilities",
        "costs": "Dice on the test images against what the network costs; the line joins what no other beats in both",
        "predictions": "Sample images, their ground truth and each experiment's predicted mask",
    }
    width = f"{COLUMN_INCHES}in" if sheet.is_column else r"\linewidth"
    return [
        {"path": path, "caption": text, "width": width}
        for name, text in captions.items()
        for path in getattr(paths, name)
    ]


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("isicbench.report"),
        undefined=StrictUndefined,
        autoescape=False,  # LaTeX, not HTML: `tex` escapes each name
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["tex"] = escape_latex
    return environment
