"""Prepared arrays: what they hold, when they are made anew, and that processes may make them at once."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from isicbench.data.catalog import open_dataset
from isicbench.data.dataset import Dataset
from isicbench.data.layout import TRAIN_IMAGES, TRAIN_MASKS
from isicbench.data.prepare import load_prepared, prepare
from isicbench.errors import DataError


def test_arrays_hold_images_and_masks_in_the_order_of_ids(dataset: Dataset) -> None:
    prepared = prepare(dataset, size_px=48)
    assert prepared.train.image_ids == tuple(f"ISIC_{n:07d}" for n in range(4))
    assert prepared.test.image_ids == ("ISIC_0000004", "ISIC_0000005")
    assert prepared.train.images.shape == (4, 48, 48, 3)
    assert prepared.train.masks.shape == (4, 48, 48)
    assert prepared.train.images.dtype == prepared.train.masks.dtype == np.uint8
    assert prepared.train.original_sizes.tolist() == [[96, 72]] * 4
    for place, pair in enumerate(dataset.train):
        expected = Image.open(pair.image).resize((48, 48), Image.Resampling.BILINEAR)
        assert np.abs(prepared.train.images[place].astype(int) - np.asarray(expected, int)).max() <= 2
    assert prepared.train.masks[0, 14:22, 14:22].all()
    assert prepared.train.masks.mean() == pytest.approx(1 / 16, abs=0.005)


def test_arrays_are_read_only_maps(dataset: Dataset) -> None:
    train = prepare(dataset, size_px=32).train
    assert isinstance(train.images, np.memmap)
    for array in (train.images, train.masks, train.original_sizes):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_second_call_decodes_nothing(dataset: Dataset) -> None:
    prepare(dataset, size_px=32)
    labels: list[str] = []
    prepare(dataset, size_px=32, progress=lambda what, done, total: labels.append(what))
    assert "prepare" not in labels


def test_progress_counts_to_the_number_of_pairs(dataset: Dataset) -> None:
    calls: list[tuple[str, int, int]] = []
    prepare(dataset, size_px=32, progress=lambda *call: calls.append(call))
    assert [call for call in calls if call[0] == "prepare"] == [("prepare", n, 6) for n in range(1, 7)]


def test_changed_image_is_prepared_anew(dataset: Dataset) -> None:
    before = prepare(dataset, size_px=32)
    Image.new("RGB", (96, 72), (0, 0, 0)).save(dataset.train[0].image)
    after = prepare(dataset, size_px=32)
    assert after.fingerprint != before.fingerprint
    assert after.train.images[0].max() == 0
    assert before.train.images[0].max() > 0


def test_damaged_cache_is_made_anew(dataset: Dataset, own_home: Path) -> None:
    expected = np.array(prepare(dataset, size_px=32).train.images)
    (cache,) = (own_home / "prepared").iterdir()
    (cache / "train_images.npy").write_bytes(b"")
    assert np.array_equal(prepare(dataset, size_px=32).train.images, expected)
    assert list((own_home / "prepared").iterdir()) == [cache]


def test_load_prepared_gives_what_prepare_made(dataset: Dataset) -> None:
    prepared = prepare(dataset, size_px=32)
    loaded = load_prepared(prepared.fingerprint, size_px=32)
    assert np.array_equal(loaded.test.images, prepared.test.images)
    with pytest.raises(DataError, match="no arrays of 64 px") as caught:
        load_prepared(prepared.fingerprint, size_px=64)
    assert "isicbench data prepare --size 64" in caught.value.hint


def test_home_that_cannot_be_written_is_one_clear_error(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ISICBENCH_HOME", str(tmp_path / "file"))
    with pytest.raises(DataError, match="cannot be written"):
        prepare(dataset, size_px=32)


def test_processes_that_prepare_at_once_all_get_the_arrays(root: Path, own_home: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from isicbench.data.catalog import open_dataset\n"
        "from isicbench.data.prepare import prepare\n"
        "sys.stdin.readline()\n"
        "p = prepare(open_dataset('folder', data_dir=Path(sys.argv[1])), size_px=64)\n"
        "print(p.fingerprint, p.train.images.sum(), p.test.masks.sum())"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "ISICBENCH_HOME": str(own_home)},
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    outputs = {process.communicate()[0] for process in processes}
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert len(outputs) == 1
    assert len(list((own_home / "prepared").iterdir())) == 1


def test_hidden_files_superpixels_and_other_cases_are_understood(root: Path) -> None:
    images, masks = root / TRAIN_IMAGES, root / TRAIN_MASKS
    (images / "._ISIC_0000000.jpg").write_bytes(b"resource fork")
    (images / "ISIC_0000000_superpixels.png").write_bytes(b"")
    (images / "LICENSE.txt").write_text("CC0")
    (images / "ISIC_0000001.jpg").rename(images / "ISIC_0000001.JPG")
    (masks / "ISIC_0000001_Segmentation.png").rename(masks / "ISIC_0000001_segmentation.png")
    assert len(prepare(open_dataset("folder", data_dir=root), size_px=32).train.image_ids) == 4


def test_real_images_prepare_with_small_lesions(real_sample: Path) -> None:
    prepared = prepare(open_dataset("folder", data_dir=real_sample), size_px=128)
    assert (len(prepared.train.image_ids), len(prepared.test.image_ids)) == (48, 20)
    masks = np.concatenate([prepared.train.masks, prepared.test.masks])
    assert masks.mean() == pytest.approx(0.106, abs=0.01)
    assert prepared.train.original_sizes.max() > 2000


def test_folder_that_changes_while_it_is_read_is_noticed_and_nothing_is_kept(root: Path, own_home: Path) -> None:
    dataset = open_dataset("folder", data_dir=root)
    image = dataset.train[0].image

    def change_it(what: str, done: int, total: int) -> None:
        if what == "prepare" and done == total:
            image.write_bytes(dataset.train[1].image.read_bytes())

    with pytest.raises(DataError, match="changed while it was read"):
        prepare(dataset, size_px=32, progress=change_it)
    assert list((own_home / "prepared").iterdir()) == []
    assert prepare(dataset, size_px=32).fingerprint
