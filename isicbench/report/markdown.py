"""The report as Markdown with its curves and pictures, a pure function of the database's rows."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from isicbench.records import RunRecord
from isicbench.report.contents import ReportContents, read_contents
from isicbench.report.data_table import Cell, Column, DataTable, Measured, Named, Standing
from isicbench.report.files import write_file
from isicbench.report.layout import Layout
from isicbench.report.rendering import Rendered, ReportRequest
from isicbench.report.report_pictures import FigurePaths, Pictures, draw_pictures
from isicbench.report.report_tables import MEANS_LINE, report_tables, shown_remarks
from isicbench.report.source import ReportSource
from isicbench.report.style import Sheet
from isicbench.report.table import has_seeds
from isicbench.report.wording import printable

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~$])")
_BLANK_LINES = re.compile(r"\n{3,}")


def render_report(request: ReportRequest) -> Rendered:
    """`report.md` and the pictures that it names; on standard output the text alone, which names none."""
    if request.layout.table:
        [table] = report_tables(request.contents, request.layout).values()
        return Rendered(body=f"{markdown_table(table)}\n{escape_markdown(table.caption)}".rstrip() + "\n")
    pictures = Pictures()
    if request.beside:
        pictures = draw_pictures(request.source, request.contents, Sheet.of(request.layout, kind="png", width="page"))
    text = render_markdown(
        request.contents, pictures.paths, layout=request.layout, without_predictions=pictures.without_predictions
    )
    return Rendered(body=text, files=pictures.files)


def write_markdown(source: ReportSource, runs: Sequence[RunRecord], *, out: Path) -> list[Path]:
    """Write `report.md` and its PNGs into the folder `out` and return the paths, the report first.

    The text is written last, so that it never names a picture that is not there yet. Raises `IsicbenchError` when
    there are no runs or the folder cannot be written.
    """
    rendered = render_report(ReportRequest(source=source, contents=read_contents(source, runs)))
    written = [write_file(out / name, content) for name, content in rendered.files.items()]
    return [write_file(out / "report.md", str(rendered.body).encode()), *written]


def render_markdown(
    contents: ReportContents,
    figures: FigurePaths,
    *,
    layout: Layout | None = None,
    without_predictions: Sequence[str] = (),
) -> str:
    """The report's text; every name in it is escaped."""
    layout = layout or Layout()
    return render_template(
        "report.md.j2",
        report=contents,
        tables=report_tables(contents, layout),
        remarks=shown_remarks(contents, layout),
        figures=figures,
        seeded=has_seeds(contents.rows),
        means_line=MEANS_LINE,
        without_predictions=without_predictions,
    )


def render_template(name: str, **values: Any) -> str:
    """A template's text, without blank lines beyond one."""
    text = _environment().get_template(name).render(**values)
    return _BLANK_LINES.sub("\n\n", text).strip() + "\n"


def markdown_table(table: DataTable) -> str:
    """A pipe table, numbers to the right, with a line's end after each row."""
    headings = (escape_markdown(column.read_heading) for column in table.columns)
    lines = [_row(headings), f"|{''.join('---|' if column.is_text else '---:|' for column in table.columns)}"]
    lines += [_row(_cell(column, cell) for column, cell in zip(table.columns, row, strict=True)) for row in table.rows]
    return "".join(f"{line}\n" for line in lines)


def escape_markdown(text: str) -> str:
    """Text that Markdown shows as it is, in a table's cell too: on one line, no markup, no HTML."""
    return _SPECIAL.sub(r"\\\1", printable(text).replace("&", "&amp;"))


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(column: Column, cell: Cell) -> str:
    match cell:
        case Named():
            return escape_markdown(cell.label) + (f" **[{escape_markdown(cell.mark)}]**" if cell.mark else "")
        case Measured():
            return escape_markdown(column.text(cell))
        case Standing():
            return escape_markdown(str(cell)).replace(", collapsed", ", **collapsed**", 1)
        case str():
            return escape_markdown(cell)
    return column.text(cell)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("isicbench.report"),
        undefined=StrictUndefined,
        autoescape=False,  # Markdown, not HTML: `md` escapes each name
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"md": escape_markdown, "table": markdown_table, "without": _without}
    return environment


def _without(table: DataTable, *keys: str) -> DataTable:
    return table.only([key for key in table.keys if key not in keys])
