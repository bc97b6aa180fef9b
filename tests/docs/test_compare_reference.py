"""The JSON page lists the keys of a comparison."""

import json
import shutil

import pytest

from tests.commands import isicbench
from tests.docs.pages import DOCS, ROOT, first_cells, sections

PAGE = sections(DOCS / "reference" / "json.md")


@pytest.fixture
def compared(tmp_path):
    shutil.copy(ROOT / "results.db", tmp_path)
    return json.loads(isicbench("compare", "--json").stdout)


def test_json_page_lists_the_keys_of_a_comparison(compared):
    parts = {
        "isicbench compare --json": compared,
        "experiments": compared["experiments"][0],
        "pairs": compared["pairs"][0],
        "comparison": compared["pairs"][0]["comparison"],
        "interval": compared["experiments"][0]["interval"],
    }
    for heading, value in parts.items():
        assert sorted(value) == sorted(first_cells(PAGE[heading])), heading
