"""What the benchmark compares computes the same thing, and what the documentation quotes is what is printed."""

import contextlib
import io

import pytest

from benchmarks.agreement import print_agreement, write_awkward_masks
from benchmarks.contestants import CONTESTANTS
from benchmarks.mask_files import open_mask_files, write_mask_files
from tests.docs.pages import DOCS


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("masks")
    write_mask_files(folder, count=4, sizes=((210, 160), (300, 220)))
    return open_mask_files(folder)


@pytest.mark.parametrize("name", CONTESTANTS)
def test_every_contestant_gives_the_same_means(files, name):
    pytest.importorskip("sklearn")
    pytest.importorskip("torchmetrics")
    expected = CONTESTANTS["PIL + NumPy, overlap metrics"](files)
    assert CONTESTANTS[name](files) == pytest.approx(expected, abs=1e-12)
    assert 0.5 < expected[0] < 1


def test_page_quotes_the_agreement_as_it_is_printed(tmp_path):
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        print_agreement(*write_awkward_masks(tmp_path))
    assert f"```text\n{printed.getvalue()}```" in (DOCS / "evaluation.md").read_text()
