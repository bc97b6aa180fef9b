"""The results.db and reports/ of this repository belong together: the one is rendered again and gives the other."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from isicbench.report.html.page import write_html
from isicbench.report.markdown import write_markdown
from isicbench.store.store import open_store

ROOT = Path(__file__).parents[2]
PICTURES = sorted(path.relative_to(ROOT / "reports") for path in (ROOT / "reports").rglob("*.png"))


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report, rendered from a copy of the committed database."""
    folder = tmp_path_factory.mktemp("reference")
    shutil.copy(ROOT / "results.db", folder)
    store = open_store(str(folder / "results.db"), create=False)
    write_markdown(store, store.runs(), out=folder / "reports")
    write_html(store, store.runs(), out=folder / "reports")
    return folder / "reports"


def test_committed_report_is_what_the_committed_database_gives(rendered):
    assert (rendered / "report.md").read_text() == (ROOT / "reports" / "report.md").read_text()
    assert sorted(path.relative_to(rendered) for path in rendered.rglob("*.png")) == PICTURES


def test_committed_page_is_what_the_committed_database_gives(rendered):
    page = (ROOT / "reports" / "report.html").read_bytes()
    assert (rendered / "report.html").read_bytes() == page
    assert len(page) < 700_000


@pytest.mark.parametrize("picture", PICTURES, ids=str)
def test_committed_pictures_are_what_the_committed_database_gives(rendered, picture):
    """Another release of matplotlib may place a letter elsewhere; the drawing stays the same."""
    ours, committed = (
        np.asarray(Image.open(root / picture).convert("L"), float) for root in (rendered, ROOT / "reports")
    )
    assert ours.shape == committed.shape
    assert np.abs(ours - committed).mean() < 2


def test_reference_results_are_small_and_name_no_folder_of_the_machine_that_made_them():
    files = [ROOT / "results.db", *(path for path in (ROOT / "reports").rglob("*") if path.is_file())]
    assert sum(path.stat().st_size for path in files) < 2_000_000
    store = open_store(str(ROOT / "results.db"), create=False)
    for run in store.runs():
        assert run.log_path.startswith("runs/")
        assert all(artifact.path.startswith("runs/") for artifact in store.artifacts(run.id))
