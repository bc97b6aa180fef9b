"""The report's tables, from its contents; every format renders these."""

from collections.abc import Sequence

from isicbench.report.comparison_data import intervals_table, pairs_table
from isicbench.report.contents import ReportContents
from isicbench.report.cost_table import costs_table, experiment_costs
from isicbench.report.cross_dataset import METRICS, by_dataset_table
from isicbench.report.data_table import DataTable
from isicbench.report.extent import ROWS
from isicbench.report.layout import Layout
from isicbench.report.published import published_table
from isicbench.report.result_columns import ALL_KEYS, RESULT_COLUMNS, ResultLine, require_columns, without_nats
from isicbench.report.run_lines import runs_table
from isicbench.report.scores import macro_table, micro_table
from isicbench.report.table import has_seeds
from isicbench.report.thresholds import thresholds_table

SHOWN = ("experiment", "iou", "dice", "train_loss", "validation_loss")
"""The study's columns; `n` is added where a row is a mean over seeds."""
MEANS_LINE = "With several seeds: mean ± sample standard deviation over n completed runs."


def report_tables(contents: ReportContents, layout: Layout, *, everything: bool = False) -> dict[str, DataTable]:
    """Every table by its name, in the report's order; that one alone that the layout names, if it names one.

    `everything` is for formats that machines read: all rows of many runs, all columns of the comparative table.
    Raises `ConfigError` for a column that is not there.
    """
    whole = everything or layout.table is not None
    scores = contents.scores if whole else contents.shown_scores
    tables = [
        _results(contents, layout, everything=everything),
        intervals_table(contents.comparisons),
        pairs_table(contents.comparisons),
        *(by_dataset_table(contents.cross_dataset, metric) for metric in METRICS),
        macro_table(scores),
        micro_table(scores),
        thresholds_table(contents.thresholds),
        costs_table(contents.cost_lines, shown=None if whole else contents.extent.rows),
        runs_table(contents.runs if whole else contents.shown_runs),
    ]
    if layout.with_published or layout.table == "published":
        tables.append(published_table())
    by_name = {table.name: table.rounded(layout.precision) for table in tables}
    if layout.table is None:
        return by_name
    table = by_name[layout.table]
    if layout.table != "results":
        table = _arranged(table, layout)
    return {layout.table: table if everything else table.first(ROWS)}


def shown_remarks(contents: ReportContents, layout: Layout) -> tuple[str, ...]:
    """What a rendering that people read leaves out."""
    shown, remarks = len(contents.extent.rows), contents.extent.remarks
    if layout.arranged == "results" and layout.sort and shown < len(contents.rows):
        return (f"The table holds the first {shown} of {len(contents.rows)} experiments.", *remarks[1:])
    return remarks


def _results(contents: ReportContents, layout: Layout, *, everything: bool) -> DataTable:
    """The comparative table. An order other than the experiments' own is that of all of them, shown or not."""
    arranges = layout.arranged == "results"
    shown = (layout.columns if arranges else None) or (ALL_KEYS if everything else _usual_keys(contents))
    sort = layout.sort if arranges else None
    places = range(len(contents.rows)) if everything or sort else contents.extent.rows
    require_columns(shown, option="--columns")
    if sort is None:
        return _result_table(contents, places, shown)
    require_columns([sort.key], option="--sort")
    keys = list(dict.fromkeys([*shown, sort.key]))
    table = _result_table(contents, places, keys).sorted_by(sort).only(shown)
    return table if everything else table.first(len(contents.extent.rows))


def _usual_keys(contents: ReportContents) -> tuple[str, ...]:
    return (*SHOWN, "n") if has_seeds(contents.rows) else SHOWN


def _result_table(contents: ReportContents, places: Sequence[int], keys: Sequence[str]) -> DataTable:
    columns = [RESULT_COLUMNS[key] for key in keys]
    if any(experiment.config.loss != "bce" for experiment in contents.experiments):
        columns = [without_nats(column) for column in columns]
    iou = {line.label: line for line in contents.comparisons.iou} if contents.comparisons else {}
    dice = {line.label: line for line in contents.comparisons.dice.means} if contents.comparisons else {}
    lines = [
        ResultLine(
            experiment=contents.experiments[place],
            row=contents.rows[place],
            iou=iou.get(contents.rows[place].label),
            dice=dice.get(contents.rows[place].label),
            costs=experiment_costs(contents.experiments[place], contents.costs),
        )
        for place in places
    ]
    caption = " ".join(contents.score_lines) + (f" {MEANS_LINE}" if has_seeds(contents.rows) else "")
    return DataTable(
        name="results",
        title="Results",
        columns=tuple(column.column for column in columns),
        rows=tuple(tuple(column.of(line) for column in columns) for line in lines),
        caption=caption,
    )


def _arranged(table: DataTable, layout: Layout) -> DataTable:
    in_order = table.sorted_by(layout.sort) if layout.sort else table
    return in_order.only(layout.columns) if layout.columns else in_order
