"""Batches that come from disk."""

import numpy as np
import pytest

from isicbench.data.catalog import open_folder
from isicbench.data.prepare import prepare
from isicbench.data.streaming import read_rows, stream_batches
from isicbench.data.synthetic import write_synthetic


@pytest.fixture(scope="module")
def split(tmp_path_factory, shared_home):
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("ISICBENCH_HOME", str(shared_home))
    folder = tmp_path_factory.mktemp("pairs")
    write_synthetic(folder, train=7, test=1, seed=4)
    yield prepare(open_folder(folder), size_px=32).train
    monkeypatch.undo()


def test_batches_hold_the_rows_in_the_order_asked_for(split):
    order = np.array([5, 0, 6, 2, 1, 4, 3])
    batches = list(stream_batches(split.images, split.masks, np.split(order, [3, 6])))
    assert [len(batch.images) for batch in batches] == [3, 3, 1]
    assert np.array_equal(np.concatenate([batch.images for batch in batches]), split.images[order])
    assert np.array_equal(np.concatenate([batch.masks for batch in batches]), split.masks[order])


def test_reading_may_stop_early(split):
    batches = stream_batches(split.images, split.masks, [np.array([i]) for i in range(7)])
    assert np.array_equal(next(batches).images, split.images[:1])
    batches.close()


def test_rows_of_a_part_of_a_map_are_those_of_the_part(split):
    rows = np.array([2, 0])
    assert np.array_equal(read_rows(split.images[3:], rows), split.images[[5, 3]])
    assert np.array_equal(read_rows(np.array(split.masks), rows), split.masks[[2, 0]])


def test_arrays_cut_short_while_they_are_read_are_an_error(tmp_path):
    file = tmp_path / "images.npy"
    np.save(file, np.zeros((4, 8, 8), np.uint8))
    mapped = np.load(file, mmap_mode="r")
    with file.open("r+b") as opened:
        opened.truncate(file.stat().st_size - 10)
    with pytest.raises(OSError, match="cut short"):
        read_rows(mapped, np.array([3]))
