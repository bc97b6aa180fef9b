"""The report's tables on screen: aligned text that 80 columns are enough for, and that needs no colour."""

from collections.abc import Sequence
from dataclasses import replace

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from isicbench.plugins import is_plugin_name
from isicbench.report.data_table import Cell, Column, DataTable, Measured, Named, OutOf, Standing, Summary
from isicbench.report.scores import LEGEND, MACRO, MACRO_TITLE, MICRO_TITLE, ScoreRow, macro_table, micro_table
from isicbench.report.status import status_text


def rich_table(table: DataTable, *, padding: int = 1) -> Table:
    """A column a column; text folds, figures stay whole, a standard deviation stands under its mean."""
    made = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, padding, 0, 0), pad_edge=False, header_style="bold")
    for column in table.columns:
        heading = "\n".join(column.heading_lines(bare=False))
        if column.key in ("experiment", "a", "b"):
            made.add_column(heading, overflow="fold", ratio=1)
        elif column.is_text:
            made.add_column(heading, overflow="fold")
        else:
            width = 8 if table.name == "results" and column.is_score else None
            made.add_column(heading, justify="right", no_wrap=True, min_width=width)
    for row in table.rows:
        made.add_row(*(_shown(column, cell) for column, cell in zip(table.columns, row, strict=True)))
    return made


def score_tables(rows: Sequence[ScoreRow], *, keys: Sequence[str] = ("run", "size")) -> RenderableType:
    """Macro and micro scores under their titles, within 80 columns, each row told by these keys."""
    told = {"experiment", "seed", "run", "size"} - set(keys)
    macro, micro = (_without(table, told) for table in (macro_table(rows), micro_table(rows)))
    return titled_scores(macro, micro)


def titled_scores(macro: DataTable, micro: DataTable) -> RenderableType:
    """The tables under their titles, with the legend; metrics of other packages in one of their own, for width."""
    legend = Text(LEGEND, style="dim")
    plugins = [key for key in macro.keys if is_plugin_name(key)]
    parts: list[RenderableType] = [Text(MACRO_TITLE), rich_table(_without(macro, set(plugins)), padding=0), legend]
    if plugins:
        parts += [Text(), rich_table(_without(macro, {score.field for score in MACRO}))]
    return Group(*parts, Text(), Text(MICRO_TITLE), rich_table(micro, padding=0))


def numbered_scores(rows: Sequence[ScoreRow]) -> RenderableType:
    """The same, with each row's number instead of a run's, under no heading."""
    told = {"experiment", "seed", "size", "image_count"}
    macro, micro = (_unheaded(_without(table, told)) for table in (macro_table(rows), micro_table(rows)))
    return titled_scores(macro, micro)


def _without(table: DataTable, keys: set[str]) -> DataTable:
    return table.only([key for key in table.keys if key not in keys])


def _unheaded(table: DataTable) -> DataTable:
    return replace(table, columns=(replace(table.columns[0], heading=""), *table.columns[1:]))


def _shown(column: Column, cell: Cell) -> Text:
    match cell:
        case Named():
            return _labelled(cell)
        case Standing():
            return status_text(cell.run, collapsed=cell.collapsed)
        case OutOf():
            return Text(f"{cell.done}/{cell.asked}")
        case Measured():
            return Text(column.text(cell).replace(" (", "\n(").replace(" [", "\n["))
        case Summary():
            return Text(column.text(cell).replace(" ± ", "\n± "))
    return Text(column.text(cell))


def _labelled(cell: Named) -> Text:
    label = Text(cell.label)
    if cell.mark:
        severe = "collapsed" in cell.mark or " of " not in cell.mark  # the whole row, not some of its seeds
        label.append(f" [{cell.mark}]", style="bold red" if severe else "bold yellow")
    return label
