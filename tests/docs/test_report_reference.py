"""The JSON page lists the tables and columns of a report."""

from isicbench.report.contents import read_contents
from isicbench.report.formats import FORMATS
from isicbench.report.layout import TABLES, Layout
from isicbench.report.report_json import report_to_json
from isicbench.report.report_tables import report_tables
from isicbench.report.result_columns import ALL_KEYS
from tests.docs.pages import DOCS, code_words, first_cells, sections
from tests.report.test_report_files import small_study

JSON_PAGE = sections(DOCS / "reference" / "json.md")


def test_json_page_lists_the_keys_of_a_report():
    source, runs = small_study()
    value = report_to_json(read_contents(source, runs))
    assert sorted(value) == sorted(first_cells(JSON_PAGE["isicbench report --format json"]))
    assert sorted(value["tables"]) == sorted(set(TABLES) - {"published"})  # only where it is asked for


def test_json_page_lists_the_columns_of_every_table():
    source, runs = small_study()
    tables = report_tables(read_contents(source, runs), Layout(with_published=True), everything=True)
    assert sorted(first_cells(JSON_PAGE["results"])) == sorted(ALL_KEYS) == sorted(tables.pop("results").keys)
    rows = [code_words(line) for line in JSON_PAGE["tables"].splitlines() if line.startswith("| `")]
    assert {name: columns for name, *columns in rows} == {name: table.keys for name, table in tables.items()}


def test_paper_page_lists_every_format():
    page = sections(DOCS / "how-to" / "paper-table.md")
    assert first_cells(page["Other formats"]) == list(FORMATS)
