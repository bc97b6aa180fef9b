"""Where a report goes, and what is said of a value that cannot be."""

from pathlib import Path

import pytest
from rich.console import Group
from rich.text import Text

from isicbench.cli.delivery import deliver, destination, require_pictures
from isicbench.errors import ConfigError
from isicbench.report.contents import read_contents
from isicbench.report.formats import FORMATS
from isicbench.report.layout import read_layout
from isicbench.report.rendering import Rendered, ReportRequest
from isicbench.report.report_tables import report_tables
from tests.report.test_report_files import small_study

NOTHING = {"table": None, "columns": None, "sort": None, "precision": None, "pictures": None, "picture_width": None}


@pytest.mark.parametrize(
    ("output", "name", "table", "place"),
    [
        (None, "markdown", None, "reports/report.md"),
        (None, "terminal", None, None),
        ("-", "csv", None, None),
        ("paper", "latex", None, "paper/report.tex"),
        ("paper", "latex", "results", "paper/results.tex"),
        ("paper/one.tex", "latex", "results", "paper/one.tex"),
        ("log.txt", "terminal", None, "log.txt"),
        ("results.v2", "json", None, "results.v2/report.json"),
    ],
)
def test_output_is_a_folder_a_file_or_standard_output(output, name, table, place):
    assert destination(output, format=name, table=table) == (None if place is None else Path(place))


def test_folder_whose_name_ends_like_a_file_stays_a_folder():
    Path("reports.md").mkdir()
    assert destination("reports.md", format="markdown", table=None) == Path("reports.md/report.md")


def test_files_lie_beside_the_report_and_are_named_after_it(capsys):
    deliver(Rendered(body="text\n", files={"curves/loss.png": b"picture"}), Path("out/mine.md"))
    assert Path("out/mine.md").read_text() == "text\n"
    assert Path("out/curves/loss.png").read_bytes() == b"picture"
    assert [line.replace("\\", "/") for line in capsys.readouterr().out.split()] == [
        "out/mine.md",
        "out/curves/loss.png",
    ]


def test_log_file_has_80_columns_and_no_colour():
    source, runs = small_study()
    rendered = FORMATS["terminal"].render(ReportRequest(source=source, contents=read_contents(source, runs)))
    deliver(rendered, Path("log.txt"))
    text = Path("log.txt").read_text()
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 80
    assert all(part in text for part in ("0.5715", "0.7118", "[collapsed]", "[failed]"))


def test_text_that_would_steer_a_terminal_does_not_reach_a_file():
    deliver(Rendered(body=Group(Text("a\x1b[2Jb"))), Path("log.txt"))
    assert "\x1b" not in Path("log.txt").read_text()


@pytest.mark.parametrize(
    ("option", "value", "meant"),
    [
        ("table", "result", "results"),
        ("pictures", "pgn", "png"),
        ("picture_width", "colum", "column"),
    ],
)
def test_unknown_value_is_one_error_with_the_valid_ones_and_the_nearest(option, value, meant):
    with pytest.raises(ConfigError, match=f"--{option.replace('_', '-')} {value}") as raised:
        read_layout(**NOTHING | {option: value})
    assert f"Did you mean {meant}? There are:" in raised.value.hint


@pytest.mark.parametrize(("option", "value"), [("sort", "-dise"), ("columns", "iou,dise")])
@pytest.mark.parametrize("table", [None, "macro_scores"])
def test_unknown_column_is_one_error_with_those_of_the_table_and_the_nearest(option, value, table):
    source, runs = small_study()
    layout = read_layout(**NOTHING | {option: value, "table": table})
    with pytest.raises(ConfigError, match=f"--{option} dise") as raised:
        report_tables(read_contents(source, runs), layout)
    assert "Did you mean dice? There are:" in raised.value.hint
    assert ("train_loss" in raised.value.hint) == (table is None)


@pytest.mark.parametrize("value", [-1, 16])
def test_precision_is_bounded(value):
    with pytest.raises(ConfigError, match="from 0 to 15"):
        read_layout(**NOTHING | {"precision": value})


def test_rows_without_a_value_come_last_in_either_order():
    source, runs = small_study()
    contents = read_contents(source, runs)
    for sort, ious in (("iou", ["0.0000", "0.5715", "–"]), ("-iou", ["0.5715", "0.0000", "–"])):
        table = report_tables(contents, read_layout(**NOTHING | {"sort": sort}))["results"]
        assert [table.columns[1].text(row[1]) for row in table.rows] == ious


@pytest.mark.parametrize(
    ("name", "place", "table"),
    [("csv", "report.csv", None), ("markdown", None, None), ("latex", "results.tex", "results")],
)
def test_pictures_that_nobody_would_draw_are_refused(name, place, table):
    layout = read_layout(**NOTHING | {"pictures": "png", "table": table})
    with pytest.raises(ConfigError, match="nothing is drawn here") as raised:
        require_pictures(layout, FORMATS[name], place and Path(place))
    assert "markdown, latex" in raised.value.hint
    require_pictures(read_layout(**NOTHING | {"pictures": "png"}), FORMATS["markdown"], Path("report.md"))
