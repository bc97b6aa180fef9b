"""The report as JSON: its tables with their figures as they are recorded, and the sentences beside them."""

from typing import Any

from isicbench.report.contents import ReportContents
from isicbench.report.data_table import Cell, DataTable, Measured, Named, OutOf, Range, Standing, Summary, finite
from isicbench.report.json_records import diagnosis_to_json
from isicbench.report.json_text import json_text
from isicbench.report.layout import Layout
from isicbench.report.rendering import Rendered, ReportRequest
from isicbench.report.report_tables import report_tables

Json = dict[str, Any]


def render_report(request: ReportRequest) -> Rendered:
    """`report.json`."""
    return Rendered(body=json_text(report_to_json(request.contents, request.layout)))


def report_to_json(contents: ReportContents, layout: Layout | None = None) -> Json:
    """`tables warnings protocols notes comparisons diagnoses environments`; of one table, `tables` alone.

    Every experiment and run is in it. Raises `ConfigError` for a column that is not there.
    """
    layout = layout or Layout()
    tables = {
        name: _table(table, layout.precision)
        for name, table in report_tables(contents, layout, everything=True).items()
    }
    if layout.table:
        return {"tables": tables}
    return {
        "tables": tables,
        "warnings": list(contents.warnings),
        "protocols": [{"experiments": list(line.labels), "text": line.text} for line in contents.protocols],
        "notes": list(contents.notes),
        "comparisons": _comparisons(contents),
        "diagnoses": [
            {"run": line.run_id, "experiment": line.label, "seed": line.seed, **diagnosis_to_json(line.diagnosis)}
            for line in contents.diagnoses
        ],
        "environments": list(contents.environments),
    }


def _comparisons(contents: ReportContents) -> list[str]:
    found = contents.comparisons
    return [*found.sentences, *found.dice.notes] if found else []


def _table(table: DataTable, precision: int | None) -> list[Json]:
    """An object a row; scores and losses are rounded only where digits were asked for."""
    return [
        {
            column.key: _value(cell, precision if column.is_score else None)
            for column, cell in zip(table.columns, row, strict=True)
        }
        for row in table.rows
    ]


def _value(cell: Cell, digits: int | None) -> Any:
    match cell:
        case Summary():
            return {"mean": _rounded(cell.mean, digits), "sd": _rounded(cell.sd, digits), "n": cell.n}
        case Range():
            return {"low": _rounded(cell.low, digits), "high": _rounded(cell.high, digits)}
        case Measured():
            return {
                "mean": _rounded(cell.mean, digits),
                "low": _rounded(cell.interval.low if cell.interval else None, digits),
                "high": _rounded(cell.interval.high if cell.interval else None, digits),
                "mark": cell.mark,
            }
        case Named():
            return {"name": cell.label, "mark": cell.mark}
        case Standing():
            return {"status": cell.run.status.value, "collapsed": cell.collapsed, "retry_of": cell.run.retry_of}
        case OutOf():
            return {"done": cell.done, "asked": cell.asked}
        case float():
            return _rounded(cell, digits)
    return cell


def _rounded(value: float | None, digits: int | None) -> float | None:
    value = finite(value)
    return value if value is None or digits is None else round(value, digits)
