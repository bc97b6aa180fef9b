"""The report on screen: the study's table with all that must stand beside it."""

from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from isicbench.records import RunRecord
from isicbench.report.contents import DiagnosisLine, ReportContents, read_contents
from isicbench.report.cross_dataset import METRICS
from isicbench.report.data_table import DataTable
from isicbench.report.layout import Layout
from isicbench.report.rendering import Rendered, ReportRequest
from isicbench.report.report_tables import MEANS_LINE, report_tables, shown_remarks
from isicbench.report.rich_tables import rich_table, titled_scores
from isicbench.report.source import ReportSource
from isicbench.report.table import has_seeds
from isicbench.report.wording import printable

RUN_KEYS = ("run", "experiment", "seed", "status", "epochs", "train_seconds", "images_per_second")


def render_report(request: ReportRequest) -> Rendered:
    """`report.txt`, or what a terminal shows."""
    return Rendered(body=Group(render_terminal(request.contents, request.layout)))


def terminal_report(source: ReportSource, runs: Sequence[RunRecord]) -> RenderableType:
    """The report of these runs for a Rich console; raises `IsicbenchError` when there are none."""
    return render_terminal(read_contents(source, runs))


def render_terminal(contents: ReportContents, layout: Layout | None = None) -> RenderableType:
    """The report, or the one table that the layout names; raises `ConfigError` for a column that is not there."""
    layout = layout or Layout()
    tables = report_tables(contents, layout)
    if layout.table:
        table = tables[layout.table]
        return Group(rich_table(table), *([Text(), Text(table.caption, style="dim")] if table.caption else []))
    return Group(
        *(Text(warning, style="bold red") for warning in contents.warnings),
        rich_table(tables["results"]),
        *_footer(contents, layout),
        *_section("Not in the figures above", [Text(note) for note in contents.shown_notes]),
        *_comparisons(contents, tables["intervals"]),
        *_by_dataset(contents, tables),
        *_section("Diagnoses", [_diagnosis(line) for line in contents.shown_diagnoses]),
        *_section("Test scores", _scores(tables)),
        *(Text(), rich_table(tables["runs"].only(RUN_KEYS))),
        *_published(tables),
    )


def _footer(contents: ReportContents, layout: Layout) -> list[RenderableType]:
    lines = [Text(" ".join(contents.score_lines), style="dim")]
    if has_seeds(contents.rows):
        lines.append(Text(MEANS_LINE, style="dim"))
    lines += [Text(remark) for remark in shown_remarks(contents, layout)]
    lines += [
        Text(f"{'; '.join(protocol.labels) or 'Protocol'}: ", style="bold").append(protocol.text, style="not bold")
        for protocol in contents.protocols
    ]
    return [Text(), *lines]


def _scores(tables: Mapping[str, DataTable]) -> list[RenderableType]:
    macro, micro = tables["macro_scores"], tables["micro_scores"]
    if not macro.rows:
        return []
    shown = (table.only([key for key in table.keys if key not in ("experiment", "seed")]) for table in (macro, micro))
    return [titled_scores(*shown)]


def _published(tables: Mapping[str, DataTable]) -> list[RenderableType]:
    if "published" not in tables:
        return []
    table = tables["published"]
    return _section(table.title, [rich_table(table.only(("network", "iou", "dice", "source"))), Text(table.caption)])


def _section(title: str, lines: Sequence[RenderableType]) -> list[RenderableType]:
    return [Text(), Text(title, style="bold"), *lines] if lines else []


def _comparisons(contents: ReportContents, intervals: DataTable) -> list[RenderableType]:
    found = contents.comparisons
    if found is None:
        return []
    sentences = [Text(line) for line in (*found.sentences, *found.dice.notes)]
    return _section("Comparisons", [rich_table(intervals), Text(found.caption, style="dim"), *sentences])


def _by_dataset(contents: ReportContents, tables: Mapping[str, DataTable]) -> list[RenderableType]:
    if contents.cross_dataset is None:
        return []
    shown = [tables[f"{metric.value}_by_dataset"] for metric in METRICS]
    parts = [part for table in shown for part in (Text(table.title), rich_table(table))]
    return _section("Test datasets", [*parts, Text(contents.cross_dataset.caption, style="dim")])


def _diagnosis(line: DiagnosisLine) -> Text:
    text = Text(f"Run {line.run_id} ({line.label}, seed {line.seed}): ")
    text.append(printable(line.diagnosis.kind), style="bold red").append(": ")
    text.append(f"{printable(line.diagnosis.message)} {printable(line.diagnosis.advice)}")
    return text.append(f" Figures: {line.evidence}.", style="dim") if line.evidence else text
