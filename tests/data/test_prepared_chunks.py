"""Preparing is taken up where it was killed."""

import os
import subprocess
import sys

import numpy as np
import pytest

from isicbench.data import prepared_chunks
from isicbench.data.catalog import open_folder
from isicbench.data.prepare import prepare
from isicbench.data.synthetic import write_synthetic
from isicbench.home import home

KILLED = """
import os
from pathlib import Path
from isicbench.data import prepared_chunks
from isicbench.data.catalog import open_folder
from isicbench.data.prepare import prepare

prepared_chunks.PAIRS_A_CHUNK = 2
def die(what, done, total):
    if what == "prepare" and done == 6:
        os._exit(9)
prepare(open_folder(Path("pairs")), size_px=32, progress=die)
"""


@pytest.fixture
def dataset(tmp_path, monkeypatch):
    monkeypatch.setenv("ISICBENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(prepared_chunks, "PAIRS_A_CHUNK", 2)
    write_synthetic(tmp_path / "pairs", train=7, test=2, seed=3)
    return open_folder(tmp_path / "pairs")


@pytest.fixture
def decoded(monkeypatch):
    """Ids of the pairs that are decoded from now on."""
    ids = []
    read_pair = prepared_chunks.read_pair

    def counted(pair, *, size_px):
        ids.append(pair.image_id)
        return read_pair(pair, size_px=size_px)

    monkeypatch.setattr(prepared_chunks, "read_pair", counted)
    return ids


def kill_midway(tmp_path):
    done = subprocess.run([sys.executable, "-c", KILLED], cwd=tmp_path, env=dict(os.environ), check=False)
    assert done.returncode == 9


def test_killed_prepare_decodes_only_the_rest_and_gives_the_same_arrays(dataset, tmp_path, decoded, monkeypatch):
    kill_midway(tmp_path)
    resumed = prepare(dataset, size_px=32)
    assert sorted(decoded) == [pair.image_id for pair in (*dataset.train[6:], *dataset.test)]
    monkeypatch.setenv("ISICBENCH_HOME", str(tmp_path / "other"))
    whole = prepare(dataset, size_px=32)
    for ours, theirs in ((resumed.train, whole.train), (resumed.test, whole.test)):
        assert ours.image_ids == theirs.image_ids
        for name in ("images", "masks", "original_sizes", "original_shares"):
            assert np.array_equal(getattr(ours, name), getattr(theirs, name)), name
        for place in range(len(ours.image_ids)):
            assert np.array_equal(ours.original_masks.read(place), theirs.original_masks.read(place))


def test_nothing_of_the_chunks_stays_when_the_arrays_are_there(dataset, tmp_path):
    kill_midway(tmp_path)
    assert list((home() / "prepared").glob(".*chunks/*.npz"))
    prepare(dataset, size_px=32)
    assert not list((home() / "prepared").glob(".*chunks"))


def test_damaged_chunk_is_decoded_again(dataset, tmp_path, decoded):
    kill_midway(tmp_path)
    [first, *_] = sorted((home() / "prepared").glob(".*chunks/*.npz"))
    first.write_bytes(first.read_bytes()[:200])
    prepare(dataset, size_px=32)
    assert len(decoded) == 2 + 3
