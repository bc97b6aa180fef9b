"""The report on screen: the study's table with all that must stand beside it."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from isicbench.records import RunRecord
from isicbench.report.comparison_tables import interval_table
from isicbench.report.contents import DiagnosisLine, ReportContents, RunLine, read_contents
from isicbench.report.scores import score_tables
from isicbench.report.source import ReportSource
from isicbench.report.status import status_text
from isicbench.report.table import HEADINGS, ResultRow, has_seeds
from isicbench.report.wording import MISSING, duration, printable, rate


def terminal_report(source: ReportSource, runs: Sequence[RunRecord]) -> RenderableType:
    """The report of these runs for a Rich console; raises `IsicbenchError` when there are none."""
    return render_terminal(read_contents(source, runs))


def render_terminal(contents: ReportContents) -> RenderableType:
    return Group(
        *(Text(warning, style="bold red") for warning in contents.warnings),
        result_table(contents.shown_rows),
        *_footer(contents),
        *_section("Not in the figures above", [Text(note) for note in contents.shown_notes]),
        *_comparisons(contents),
        *_section("Diagnoses", [_diagnosis(line) for line in contents.shown_diagnoses]),
        *_section("Test scores", [score_tables(contents.shown_scores)] if contents.shown_scores else []),
        _runs_table(contents.shown_runs),
    )


def result_table(rows: Sequence[ResultRow]) -> Table:
    """The study's table; a standard deviation stands under its mean so that 80 columns are enough."""
    table = _table()
    table.add_column(HEADINGS[0], overflow="fold", ratio=1)
    for heading in HEADINGS[1:]:
        table.add_column(heading.replace("Final ", "Final\n"), justify="right", min_width=8, no_wrap=True)
    seeded = has_seeds(rows)
    if seeded:
        table.add_column("n", justify="right")
    for row in rows:
        cells = [cell.replace(" ± ", "\n± ") for cell in row.cells]
        table.add_row(_labelled(row), *cells, *([str(row.n)] if seeded else []))
    return table


def _labelled(row: ResultRow) -> Text:
    label = Text(row.label)
    if row.mark:
        label.append(f" [{row.mark}]", style="bold red" if row.n == 0 or "collapsed" in row.mark else "bold yellow")
    return label


def _footer(contents: ReportContents) -> list[RenderableType]:
    lines = [Text(" ".join(contents.score_lines), style="dim")]
    if has_seeds(contents.rows):
        lines.append(Text("With several seeds: mean ± sample standard deviation over n completed runs.", style="dim"))
    lines += [Text(remark) for remark in contents.extent.remarks]
    lines += [
        Text(f"{'; '.join(protocol.labels) or 'Protocol'}: ", style="bold").append(protocol.text, style="not bold")
        for protocol in contents.protocols
    ]
    return [Text(), *lines]


def _section(title: str, lines: Sequence[RenderableType]) -> list[RenderableType]:
    return [Text(), Text(title, style="bold"), *lines] if lines else []


def _comparisons(contents: ReportContents) -> list[RenderableType]:
    found = contents.comparisons
    if found is None:
        return []
    sentences = [Text(line) for line in (*found.sentences, *found.dice.notes)]
    return _section("Comparisons", [interval_table(found), Text(found.caption, style="dim"), *sentences])


def _diagnosis(line: DiagnosisLine) -> Text:
    text = Text(f"Run {line.run_id} ({line.label}, seed {line.seed}): ")
    text.append(printable(line.diagnosis.kind), style="bold red").append(": ")
    text.append(f"{printable(line.diagnosis.message)} {printable(line.diagnosis.advice)}")
    return text.append(f" Figures: {line.evidence}.", style="dim") if line.evidence else text


def _runs_table(lines: Sequence[RunLine]) -> RenderableType:
    table = _table()
    table.add_column("Run", justify="right")
    table.add_column("Experiment", overflow="fold", ratio=1)
    table.add_column("Seed", justify="right")
    table.add_column("Status")
    for heading in ("Epochs", "Training\ntime", "Images/s"):
        table.add_column(heading, justify="right", no_wrap=True)
    for line in lines:
        run = line.outcome.run
        is_external = run.config.is_external
        epochs = MISSING if is_external else f"{len(line.outcome.epochs)}/{run.config.epochs}"
        seed = MISSING if is_external else str(run.seed)
        status = status_text(run, collapsed=line.outcome.collapsed)
        seconds, speed = duration(run.train_seconds), rate(run.images_per_second)
        table.add_row(str(run.id), Text(line.label), seed, status, epochs, seconds, speed)
    return Group(Text(), table)


def _table() -> Table:
    return Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
