"""The report as one page of HTML that needs nothing else, a pure function of the database's rows."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from isicbench.errors import ConfigError
from isicbench.records import DatasetRecord, RunRecord
from isicbench.report.contents import ReportContents, read_contents
from isicbench.report.cost_table import costs_table
from isicbench.report.cross_dataset import METRICS, OWN, by_dataset_table
from isicbench.report.extent import ROWS
from isicbench.report.files import write_file
from isicbench.report.formats import FORMATS
from isicbench.report.html import line_chart, overview
from isicbench.report.html.assets import read_assets, without_blank_lines
from isicbench.report.html.cost_charts import cost_charts
from isicbench.report.html.differences import HEADINGS, difference_rows
from isicbench.report.html.distributions import distributions
from isicbench.report.html.epoch_charts import epoch_charts
from isicbench.report.html.gallery import galleries
from isicbench.report.html.ranks import image_ranks
from isicbench.report.html.series import Series, choose_series, series_by_label
from isicbench.report.html.summary import facts, statements
from isicbench.report.html.threshold_charts import threshold_charts
from isicbench.report.predictions import Predictions, read_predictions
from isicbench.report.published import published_table
from isicbench.report.rendering import Rendered, ReportRequest
from isicbench.report.reproduction import reproductions
from isicbench.report.scores import macro_table, micro_table
from isicbench.report.source import ReportSource
from isicbench.report.table import has_seeds
from isicbench.report.wording import MISSING, duration, figure, memory, printable, rate

TABLE_ROWS = FORMATS["html"].table_rows or ROWS
"""Experiments in the comparative table: a page can be sorted and searched."""
TITLE = "Skin-lesion segmentation: results"

Values = dict[str, Any]


def write_html(source: ReportSource, runs: Sequence[RunRecord], *, out: Path) -> list[Path]:
    """Write `report.html` into the folder `out` and return its path; raises as `render_html`, or for the folder."""
    return [write_file(out / "report.html", render_html(source, runs).encode())]


def render_html(source: ReportSource, runs: Sequence[RunRecord], *, mark: str = "") -> str:
    """The page, the same for the same rows; every name in it is escaped. Raises `IsicbenchError` without runs.

    With a mark it is a page that is served: it asks its server for the mark every few seconds, and loads itself anew
    where that is another one.
    """
    return _page(source, read_contents(source, runs, table_rows=TABLE_ROWS), mark=mark)


def render_report(request: ReportRequest) -> Rendered:
    """`report.html`, which needs nothing beside it. Raises `ConfigError` where a table is to be arranged."""
    layout = request.layout
    if (layout.table, layout.columns, layout.sort, layout.precision) != (None, None, None, None):
        raise ConfigError(
            "--table, --columns, --sort and --precision arrange tables, and the page holds all of them",
            hint="Sort in the page, by a click on a heading; or take another --format.",
        )
    return Rendered(body=_page(request.source, request.contents, with_published=layout.with_published))


def _page(source: ReportSource, contents: ReportContents, *, mark: str = "", with_published: bool = False) -> str:
    series = choose_series(contents)
    predictions = read_predictions(source, [one.experiment for one in series])
    values = _values(contents, series, predictions) | {"datasets": _datasets(source, contents)}
    values["published"] = published_table() if with_published else None
    values["sections"] = _sections(values)
    values |= {"mark": mark, "assets": read_assets(live=bool(mark))}
    text = _environment().get_template("page.html.j2").render(**values)
    return without_blank_lines(text) + "\n"


def _values(contents: ReportContents, series: Sequence[Series], predictions: Predictions) -> Values:
    """What the templates name."""
    series_of = series_by_label(series)
    scores = contents.comparisons.dice_scores if contents.comparisons else ()
    charts = {
        "epoch_charts": epoch_charts(series),
        "threshold_charts": threshold_charts(series, contents.probabilities),
    }
    values: Values = {
        "title": TITLE,
        "report": contents,
        "series": series,
        "series_of": series_of,
        "facts": facts(contents),
        "statements": statements(contents),
        "galleries": galleries(predictions.columns, series_of, image_ranks(scores), scores),
        "without_predictions": predictions.without,
        "undrawn": len(contents.detailed) - len(series),
        "plot": _plot(),
        "data": {"charts": {chart.key: chart.data for drawn in charts.values() for chart in drawn}},
        **_costs(contents, series_of),
        **charts,
        **_tables(contents, series_of),
        **_words(contents),
    }
    drawn = {line.series.place for kind in charts.values() for chart in kind for line in chart.lines}
    return values | {"drawn_places": sorted(drawn)}


def _costs(contents: ReportContents, series_of: dict[str, Series]) -> Values:
    shown = contents.extent.rows
    charts = cost_charts(contents.cost_lines, series_of, shown=shown)
    places = {dot.series.place for chart in charts for dot in chart.dots if dot.series}
    return {
        "costs": costs_table(contents.cost_lines, shown=shown),
        "cost_charts": charts,
        "cost_places": sorted(places),
    }


def _tables(contents: ReportContents, series_of: dict[str, Series]) -> Values:
    compared = contents.comparisons
    reproduced = [contents.experiments[place] for place in contents.extent.rows[:ROWS]]
    rows = overview.overview_rows(contents, series_of)
    return {
        "overview": rows,
        "intervals": any(cell.note for row in rows for cell in row.cells),
        "differences": difference_rows(compared.dice, series_of) if compared and compared.dice.pairs else None,
        "distributions": distributions(compared.dice_scores, series_of) if compared else [],
        "by_dataset": [by_dataset_table(contents.cross_dataset, metric) for metric in METRICS],
        "macro_scores": macro_table(contents.shown_scores),
        "micro_scores": micro_table(contents.shown_scores),
        "reproductions": reproductions(reproduced),
        "reproductions_left_out": len(contents.experiments) - len(reproduced),
    }


def _words(contents: ReportContents) -> Values:
    return {
        "overview_columns": list(overview.COLUMNS),
        "difference_headings": list(HEADINGS),
        "seeded": has_seeds(contents.rows),
        "missing": MISSING,
        "own": OWN,
        "most_rows": ROWS,
    }


def _sections(values: Values) -> list[tuple[str, str]]:
    """Anchor and heading of every section that the page has."""
    report = values["report"]
    every = [
        ("summary", "Summary", True),
        ("experiments", "Experiments", True),
        ("differences", "Differences", values["differences"]),
        ("distributions", "Image by image", values["distributions"]),
        ("datasets", "Test datasets", report.cross_dataset),
        ("training", "Training", values["epoch_charts"]),
        ("thresholds", "Thresholds", report.thresholds or values["threshold_charts"]),
        ("costs", values["costs"].title, values["costs"].rows),
        ("predictions", "Predicted masks", values["galleries"] or values["without_predictions"]),
        ("diagnoses", "Diagnoses", report.shown_diagnoses),
        ("scores", "Test scores", report.shown_scores),
        ("published", "Published elsewhere", values["published"]),
        ("runs", "Runs", True),
        ("protocol", "Data", True),
        ("reproduction", "How to reproduce", True),
    ]
    return [(key, heading) for key, heading, present in every if present]


def _datasets(source: ReportSource, contents: ReportContents) -> list[DatasetRecord]:
    used = dict.fromkeys(experiment.config.dataset_fingerprint for experiment in contents.experiments)
    if contents.cross_dataset:
        used |= dict.fromkeys(one.fingerprint for one in contents.cross_dataset.datasets)
    known = source.datasets()
    return [known[fingerprint] for fingerprint in used if fingerprint in known]


def _source(dataset: DatasetRecord) -> str:
    """Where it came from; a folder of somebody's machine stays out, for a page can be published."""
    return "" if Path(dataset.source).is_absolute() else printable(dataset.source)


def _plot() -> Values:
    return {
        "width": line_chart.WIDTH,
        "height": line_chart.HEIGHT,
        "left": line_chart.LEFT,
        "right": line_chart.RIGHT,
        "top": line_chart.TOP,
        "bottom": line_chart.BOTTOM,
    }


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("isicbench.report.html"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "figure": figure,
        "duration": duration,
        "rate": rate,
        "memory": memory,
        "printable": printable,
        "source": _source,
    }
    return environment
