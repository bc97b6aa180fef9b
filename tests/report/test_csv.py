"""A spreadsheet opens the table: numbers as numbers, text as text."""

import csv
import io

import pandas as pd
import pytest

from isicbench.report.contents import read_contents
from isicbench.report.csv_table import BYTE_ORDER_MARK, render_report
from isicbench.report.layout import Layout
from isicbench.report.rendering import ReportRequest
from tests.report.study_records import MemorySource, epochs, evaluation, run
from tests.report.test_report_files import small_study


def rendered(source, runs, *, beside: bool = False, **layout) -> str:
    contents = read_contents(source, runs)
    return render_report(ReportRequest(source=source, contents=contents, layout=Layout(**layout), beside=beside)).body


@pytest.mark.parametrize("name", ['=HYPERLINK("http://x")', "+1+1", "-2+3", "@SUM(A1)", "=cmd|' /C calc'!A0"])
def test_name_that_a_spreadsheet_would_compute_stays_text(name):
    source = MemorySource(epochs_of={1: epochs(4)}, evaluations_of={1: [evaluation()]})
    [row] = csv.DictReader(io.StringIO(rendered(source, [run(1, experiment=name)])))
    assert row["experiment"] == f"'{name}"
    assert float(row["iou"]) == 0.5715


def test_name_with_commas_quotes_and_line_ends_stays_one_cell():
    source = MemorySource(epochs_of={1: epochs(4)}, evaluations_of={1: [evaluation()]})
    [row] = csv.DictReader(io.StringIO(rendered(source, [run(1, experiment='a, "b"\nc')])))
    assert row["experiment"] == 'a, "b" c'


def test_pandas_reads_every_column_and_a_missing_value_as_missing():
    table = pd.read_csv(io.StringIO(rendered(*small_study())))
    assert list(table["note"].fillna("")) == ["collapsed", "", "failed"]
    assert table["dice"].isna().tolist() == [False, False, True]
    assert table["hausdorff95_px"].isna().all()
    assert table["learning_rate"].tolist() == [0.001, 0.001, 0.1]


def test_file_has_a_byte_order_mark_for_spreadsheets_and_standard_output_has_none():
    assert rendered(*small_study(), beside=True).startswith(f"{BYTE_ORDER_MARK}experiment,")
    assert rendered(*small_study()).startswith("experiment,")


def test_standard_deviations_have_columns_of_their_own_where_there_are_seeds():
    runs = [run(1, seed=0), run(2, seed=1)]
    source = MemorySource(
        epochs_of={1: epochs(4), 2: epochs(4)},
        evaluations_of={1: [evaluation(dice=0.5)], 2: [evaluation(dice=0.7)]},
    )
    [row] = csv.DictReader(io.StringIO(rendered(source, runs, precision=3)))
    assert (row["dice"], row["dice_sd"], row["n"]) == ("0.600", "0.141", "2")
