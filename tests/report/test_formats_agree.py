"""The same numbers in every format: each is rendered from one database and read back by a reader of its own."""

import csv
import io
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from rich.console import Console

from isicbench.benchmarking.crowded_database import Crowd, fill_database
from isicbench.report.contents import ReportContents, read_contents
from isicbench.report.data_table import Sort
from isicbench.report.formats import FORMATS
from isicbench.report.layout import Layout
from isicbench.report.rendering import ReportRequest
from isicbench.store.store import Store, open_store

COLUMNS = {
    "results": ("experiment", "iou", "dice", "train_loss", "validation_loss", "n"),
    "intervals": ("experiment", "image_count", "seed_count", "iou", "iou_interval", "dice", "dice_interval"),
    "pairs": ("a", "b", "difference", "difference_interval", "effect_size", "smallest_difference"),
    "macro_scores": ("run", "experiment", "seed", "iou", "dice", "sensitivity", "hausdorff95_px"),
    "thresholds": ("run", "experiment", "best_threshold", "best_dice", "calibration_error", "roc_area"),
    "runs": ("run", "experiment", "seed"),
}
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.])")
Numbers = list[list[float]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Two experiments of ten seeds."""
    folder = tmp_path_factory.mktemp("formats")
    fill_database(str(folder / "results.db"), Crowd(runs=20, epochs=3, images=6))
    return folder


@pytest.fixture(scope="module")
def store(folder) -> Iterator[Store]:
    store = open_store(str(folder / "results.db"), create=False)
    yield store
    store.close()


@pytest.fixture(scope="module")
def contents(store) -> ReportContents:
    return read_contents(store, store.runs())


def rendered(store: Store, contents: ReportContents, name: str, **layout) -> str:
    request = ReportRequest(source=store, contents=contents, layout=Layout(**layout), beside=False)
    body = FORMATS[name].render(request).body
    if isinstance(body, str):
        return body
    console = Console(width=200, color_system=None)
    with console.capture() as capture:
        console.print(body)
    return capture.get()


def numbers(text: str) -> list[float]:
    return [float(found) for found in NUMBER.findall(text)]


def in_markdown(text: str) -> Numbers:
    return [numbers(line) for line in text.splitlines()[2:] if line.startswith("|")]


def in_latex(text: str) -> Numbers:
    """The rows between the rules."""
    body = text.split("\\midrule\n")[1].split("\\bottomrule")[0]
    plain = body.replace("$-$", "-").replace("{[}", "(").replace("{]}", ")").replace("\\textbf{", " ")
    return [numbers(line.replace("}", " ")) for line in plain.splitlines()]


def in_terminal(text: str) -> Numbers:
    """Standard deviations stand a line beneath the means, each under its own."""
    rows: list[list[tuple[int, float]]] = []
    for line in text.split("─\n")[1].split("\n\n")[0].splitlines():
        found = [(match.end(), float(match[0])) for match in NUMBER.finditer(line)]
        if "±" in line:
            rows[-1] = sorted(rows[-1] + [(end + 0.5, value) for end, value in found])
        else:
            rows.append(found)
    return [[value for _, value in row] for row in rows]


def in_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def as_numbers(value: object) -> list[float]:
    """All numbers of a JSON value, in order; of a mean not its count, which has a column."""
    if isinstance(value, dict):
        return [number for key, part in value.items() if key != "n" for number in as_numbers(part)]
    return [float(value)] if isinstance(value, int | float) else []


@pytest.mark.parametrize("table", COLUMNS)
def test_every_format_holds_the_same_numbers(table, store, contents):
    layout = {"table": table, "columns": COLUMNS[table]}
    rows = json.loads(rendered(store, contents, "json", **layout))["tables"][table]
    exact = [[number for value in row.values() for number in as_numbers(value)] for row in rows]
    assert all(exact)

    cells = in_csv(rendered(store, contents, "csv", **layout))
    assert [[float(cell) for cell in row.values() if NUMBER.fullmatch(cell)] for row in cells] == exact

    markdown = in_markdown(rendered(store, contents, "markdown", **layout))
    assert markdown == in_latex(rendered(store, contents, "latex", **layout))
    assert markdown == in_terminal(rendered(store, contents, "terminal", **layout))
    for printed_row, exact_row in zip(markdown, exact, strict=True):
        for printed, value in zip(printed_row, exact_row, strict=True):
            assert printed_digits(printed, value) <= 4


def printed_digits(printed: float, exact: float) -> int:
    """How many digits after the point it takes for the exact number to round to the printed one."""
    found = [digits for digits in range(6) if float(f"{exact:.{digits}f}") == printed]
    assert found, (printed, exact)
    return min(found)


def test_means_are_those_of_the_stores_own_view(folder, store, contents):
    query = (
        "SELECT avg(iou), avg(dice), avg(train_loss), avg(validation_loss), count(*) FROM results "
        "GROUP BY config_hash ORDER BY min(run_id)"
    )
    with closing(sqlite3.connect(folder / "results.db")) as connection:
        recorded = connection.execute(query).fetchall()
    rows = json.loads(rendered(store, contents, "json", table="results"))["tables"]["results"]
    for row, (*means, count) in zip(rows, recorded, strict=True):
        keys = ("iou", "dice", "train_loss", "validation_loss")
        assert [row[key]["mean"] for key in keys] == pytest.approx(means, abs=1e-12)
        assert row["n"] == count


@pytest.mark.parametrize("name", ["markdown", "latex", "terminal", "csv"])
def test_precision_and_order_hold_in_every_format(name, store, contents):
    layout = {"columns": ("experiment", "dice"), "precision": 2, "table": "results"}
    ascending, descending = (
        rendered(store, contents, name, sort=Sort(key="iou", descending=descending), **layout)
        for descending in (False, True)
    )
    assert ascending != descending
    found = re.findall(r"\d+\.\d+", ascending)
    assert found
    assert all(re.fullmatch(r"\d\.\d\d", number) for number in found)


def test_whole_reports_hold_the_numbers_of_the_single_tables(store, contents):
    """A report's comparative table and the table alone are one."""
    alone = rendered(store, contents, "markdown", table="results").partition("\n\n")[0]
    assert alone in rendered(store, contents, "markdown")
    assert (
        json.loads(rendered(store, contents, "json", table="runs"))["tables"]["runs"]
        == (json.loads(rendered(store, contents, "json"))["tables"]["runs"])
    )
