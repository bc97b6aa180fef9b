"""The Python on the pages runs as it stands there, and the notebook holds what its cells print."""

import re
import shutil

import matplotlib
import nbformat
import pytest

from docs.execute_notebook import NOTEBOOK, executed
from tests.docs.pages import DOCS, ROOT

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def here():
    shutil.copy(ROOT / "results.db", "results.db")
    matplotlib.use("agg")


@pytest.mark.parametrize("page", ["how-to/pandas.md", "analysis.md"])
def test_python_on_the_page_runs_from_top_to_bottom(page, here, capsys):
    blocks = BLOCK.findall((DOCS / page).read_text())
    assert len(blocks) >= 3
    names: dict[str, object] = {}
    for block in blocks:
        exec(block, names)
    assert "Frozen Encoder" in capsys.readouterr().out
    assert len(names["results"]) == 2


def texts(notebook) -> list[str]:
    """What the cells show as text: tables, and a figure's size."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return ["".join(output["data"]["text/plain"]).replace(" ", "") for output in outputs if "data" in output]


def test_notebook_holds_what_its_cells_print():
    stored = nbformat.read(NOTEBOOK, as_version=4)
    fresh = executed()
    assert len(texts(stored)) == 3
    assert texts(fresh) == texts(stored), "make docs"
    assert NOTEBOOK.stat().st_size < 200_000
    assert str(ROOT) not in NOTEBOOK.read_text()
