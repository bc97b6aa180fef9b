"""Runs docs/analysis.ipynb anew on this repository's results.db. Run by `make docs` and `make reference`."""

from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

NOTEBOOK = Path(__file__).parent / "analysis.ipynb"
SECONDS_A_CELL = 300


def executed(path: Path = NOTEBOOK) -> NotebookNode:
    """The notebook with fresh outputs, run in its own folder; raises where a cell fails."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=SECONDS_A_CELL, resources={"metadata": {"path": str(path.parent)}})
    client.execute()
    for cell in notebook.cells:
        cell.metadata.clear()  # when it ran
    notebook.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return notebook


if __name__ == "__main__":
    nbformat.write(executed(), NOTEBOOK)
