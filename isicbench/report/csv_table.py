"""One table as comma-separated values, for a spreadsheet: a header line, a row an experiment, numbers as numbers."""

import csv
import math
from collections.abc import Iterator, Sequence
from io import StringIO

from isicbench.harmless import without_formula
from isicbench.report.data_table import Cell, DataTable, Measured, Named, Range, Summary
from isicbench.report.rendering import Rendered, ReportRequest
from isicbench.report.report_tables import report_tables
from isicbench.report.wording import printable

BYTE_ORDER_MARK = "\ufeff"
"""Without it a spreadsheet takes a file's UTF-8 for the encoding of the machine's country."""


def render_report(request: ReportRequest) -> Rendered:
    """The comparative table with every column, or the table that the layout names."""
    table = report_tables(request.contents, request.layout, everything=True)[request.layout.arranged]
    mark = BYTE_ORDER_MARK if request.beside else ""
    return Rendered(body=mark + csv_table(table, precision=request.layout.precision))


def csv_table(table: DataTable, *, precision: int | None = None) -> str:
    """RFC 4180 with lines' ends of `\\n`. A mean has its standard deviation in a column beside it where the table has
    several seeds, or its interval and mark where it has those; an interval is two columns, what to know of an
    experiment is its `note`."""
    names = [_names(table, place) for place in range(len(table.columns))]
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([name for several in names for name in several])
    for row in table.rows:
        writer.writerow(_row(table, row, names, precision))
    return text.getvalue()


def _names(table: DataTable, place: int) -> list[str]:
    column = table.columns[place]
    if column.key.endswith("_interval"):
        stem = column.key.removesuffix("_interval")
        return [f"{stem}_low", f"{stem}_high"]
    if any(isinstance(row[place], Measured) for row in table.rows):
        return [column.key, *(f"{column.key}_{part}" for part in ("low", "high", "mark"))]
    if any(isinstance(row[place], Summary) for row in table.rows) and _is_seeded(table):
        return [column.key, f"{column.key}_sd"]
    if table.name == "results" and column.key == "experiment":
        return ["experiment", "note"]
    return [column.key]


def _is_seeded(table: DataTable) -> bool:
    return any(isinstance(cell, Summary) and cell.sd is not None for row in table.rows for cell in row)


def _row(table: DataTable, row: Sequence[Cell], names: Sequence[list[str]], precision: int | None) -> list[str]:
    """As many values a cell as its column has names, empty where there is none."""
    values: list[str] = []
    for column, cell, expected in zip(table.columns, row, names, strict=True):
        found = [*_parts(cell, precision if column.is_score else None), *[""] * len(expected)]
        values += found[: len(expected)]
    return values


def _parts(cell: Cell, digits: int | None) -> Iterator[str]:
    match cell:
        case None:
            pass
        case Summary():
            yield _number(cell.mean, digits)
            if cell.sd is not None:
                yield _number(cell.sd, digits)
        case Range():
            yield _number(cell.low, digits)
            yield _number(cell.high, digits)
        case Measured():
            yield _number(cell.mean, digits)
            yield from _parts(cell.interval, digits) if cell.interval else ("", "")
            yield without_formula(printable(cell.mark))
        case Named():
            yield without_formula(printable(cell.label))
            yield without_formula(printable(cell.mark))
        case float():
            yield _number(cell, digits)
        case int():
            yield str(cell)
        case _:
            yield without_formula(printable(str(cell)))


def _number(value: float, digits: int | None) -> str:
    if not math.isfinite(value):
        return ""
    return repr(value) if digits is None else f"{round(value, digits) + 0.0:.{digits}f}"
