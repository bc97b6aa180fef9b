"""What fits in memory, and batches that come from the map."""

import numpy as np
import pytest

from isicbench.data.catalog import open_folder
from isicbench.data.prepare import prepare
from isicbench.data.residency import fits_in_memory, mapped_batches, memory_budget_bytes, resident_bytes
from isicbench.data.synthetic import write_synthetic


@pytest.fixture(scope="module")
def split(tmp_path_factory, shared_home):
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("ISICBENCH_HOME", str(shared_home))
    folder = tmp_path_factory.mktemp("pairs")
    write_synthetic(folder, train=7, test=1, seed=4)
    yield prepare(open_folder(folder), size_px=32).train
    monkeypatch.undo()


def test_bytes_are_those_of_the_arrays(split):
    assert resident_bytes(split) == split.images.nbytes + split.masks.nbytes
    assert resident_bytes(split, count=2) == 2 * 32 * 32 * 4
    assert fits_in_memory(split, budget_bytes=resident_bytes(split))
    assert not fits_in_memory(split, budget_bytes=resident_bytes(split) - 1)


def test_runs_at_once_share_half_of_the_free_memory():
    assert memory_budget_bytes(free_bytes=800, sharers=2) == 200
    assert memory_budget_bytes() > memory_budget_bytes(sharers=100) > 0


def test_batches_hold_the_rows_in_the_order_asked_for(split):
    order = np.array([5, 0, 6, 2, 1, 4, 3])
    batches = list(mapped_batches(split, order, batch_size=3))
    assert [len(batch.images) for batch in batches] == [3, 3, 1]
    assert np.array_equal(np.concatenate([batch.images for batch in batches]), split.images[order])
    assert np.array_equal(np.concatenate([batch.masks for batch in batches]), split.masks[order])


def test_reading_may_stop_early(split):
    batches = mapped_batches(split, range(7), batch_size=1)
    assert np.array_equal(next(batches).images, split.images[:1])
    batches.close()
