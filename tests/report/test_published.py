"""What others published stands beside the results and never among them."""

import json

import pytest

from isicbench.report.published import PUBLISHED, TITLE
from tests.commands import isicbench
from tests.docs.pages import DOCS

DATABASE = DOCS.parent / "results.db"


def rendered(*options: object) -> str:
    done = isicbench("report", "--db", DATABASE, "--output", "-", *options)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("kind", ["markdown", "html", "terminal"])
def test_the_table_is_there_only_where_it_is_asked_for(kind):
    assert TITLE not in rendered("--format", kind)
    text = rendered("--format", kind, "--with-published")
    assert TITLE in text
    assert "0.5715" in text
    assert "compared with nothing" in " ".join(text.split())


def test_nothing_else_of_the_report_changes():
    without = json.loads(rendered("--format", "json"))
    beside = json.loads(rendered("--format", "json", "--with-published"))
    assert len(beside["tables"].pop("published")) == len(PUBLISHED)
    assert beside == without


def test_the_table_alone_for_a_spreadsheet():
    lines = rendered("--format", "csv", "--table", "published").splitlines()
    assert len(lines) == 1 + len(PUBLISHED)


def test_every_row_says_where_it_is_from_and_how_it_was_measured():
    assert all(row.source and row.network and row.protocol for row in PUBLISHED)


def test_arranging_the_page_is_refused_with_what_to_do():
    done = isicbench("report", "--db", DATABASE, "--format", "html", "--sort", "dice", "--output", "-")
    assert done.returncode == 2
    assert "Sort in the page" in done.stderr
