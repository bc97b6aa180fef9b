"""The drawings show what there is."""

import re
import tomllib

from isicbench.store.schema import Table
from tests.docs.pages import DOCS, ROOT

NAME = re.compile(r'<text [^>]*class="name"[^>]*>([^<]+)<')


def test_layers_are_drawn_as_import_linter_keeps_them():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    kept = [name.removeprefix("isicbench.") for row in contracts[0]["layers"] for name in row.split(" | ")]
    assert NAME.findall((DOCS / "images" / "layers.svg").read_text()) == kept


def test_tables_that_are_drawn_exist():
    drawing = (DOCS / "images" / "run.svg").read_text()
    (line,) = re.findall(r">(studies, [\w, ]+)<", drawing)
    assert set(line.split(", ")) <= set(Table.metadata.tables)
