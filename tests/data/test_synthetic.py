"""Drawn pictures are deterministic, of the challenge's kind, and read like real ones."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from isicbench.data import synthetic
from isicbench.data.catalog import open_dataset
from isicbench.data.fingerprint import fingerprint
from isicbench.data.gallery import draw_samples, size_table
from isicbench.data.prepare import prepare
from isicbench.data.synthetic import SIZES, write_synthetic
from isicbench.data.synthetic_field import Canvas
from isicbench.data.synthetic_picture import lesion_field
from isicbench.data.verify import verify
from isicbench.errors import DataError


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("drawn")
    write_synthetic(root, train=8, test=3)
    return root


def test_drawn_pictures_are_sound_and_lesions_stand_out(drawn: Path) -> None:
    dataset = open_dataset("synthetic", data_dir=drawn)
    assert verify(dataset) == []
    train = prepare(dataset, size_px=64).train
    darker = [
        image[mask == 0].mean() - image[mask == 1].mean() for image, mask in zip(train.images, train.masks, strict=True)
    ]
    assert sum(difference > 5 for difference in darker) >= 6


def test_sizes_are_the_challenges(drawn: Path) -> None:
    rows = size_table(open_dataset("synthetic", data_dir=drawn))
    assert sum(row.count for row in rows) == 11
    assert {(row.width, row.height) for row in rows} <= set(SIZES)
    assert rows[0].count > rows[-1].count


def test_same_seed_draws_the_same_files_and_another_seed_others(tmp_path: Path) -> None:
    prints = []
    for name, seed in (("a", 1), ("b", 1), ("c", 3)):
        write_synthetic(tmp_path / name, train=2, test=1, seed=seed)
        prints.append(fingerprint(open_dataset("folder", data_dir=tmp_path / name)))
    assert prints[0] == prints[1] != prints[2]


def test_lesion_areas_vary_around_those_of_isic_2016() -> None:
    shares = []
    for seed in range(120):
        random = np.random.default_rng(seed)
        field = lesion_field(Canvas.of((1022, 767), width=64), random=random)
        shares.append(float((field < 0).mean()))
    assert 0.22 < np.mean(shares) < 0.36
    assert min(shares) < 0.08
    assert max(shares) > 0.6


def test_default_dataset_is_drawn_once_and_whole(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synthetic, "DEFAULT_COUNTS", (3, 2))
    calls: list[tuple[str, int, int]] = []
    first = open_dataset("synthetic", progress=lambda *call: calls.append(call))
    assert (len(first.train), len(first.test)) == first.expected_counts == (3, 2)
    assert calls[-1] == ("draw", 5, 5)
    assert [path.name for path in (own_home / "datasets").iterdir()] == ["synthetic"]
    assert open_dataset("synthetic", progress=lambda *call: calls.append(call)) == first
    assert len(calls) == 5


def test_folder_with_other_files_is_not_drawn_into(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(DataError, match="not in the challenge's layout"):
        open_dataset("synthetic", data_dir=tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"thesis.txt"}


@pytest.mark.parametrize(("train", "test"), [(0, 1), (1, 0), (-1, 5)])
def test_counts_below_one_are_refused(tmp_path: Path, train: int, test: int) -> None:
    with pytest.raises(DataError, match="at least 1"):
        write_synthetic(tmp_path, train=train, test=test)


def test_samples_show_image_and_outline(drawn: Path, tmp_path: Path) -> None:
    dataset = open_dataset("synthetic", data_dir=drawn)
    path = draw_samples(dataset, tmp_path / "new" / "samples.png", split="test", count=99)
    figure = np.asarray(Image.open(path).convert("RGB"), int)
    assert figure.shape[1] > 1000
    outline = np.abs(figure - (0x56, 0xB4, 0xE9)).sum(axis=-1) < 12
    assert outline.sum() > 500
    assert [entry.name for entry in path.parent.iterdir()] == ["samples.png"]


def test_samples_of_a_damaged_file_name_it(drawn: Path, tmp_path: Path) -> None:
    root = tmp_path / "copy"
    write_synthetic(root, train=1, test=1)
    dataset = open_dataset("folder", data_dir=root)
    dataset.train[0].image.write_bytes(b"")
    with pytest.raises(DataError, match="empty file"):
        draw_samples(dataset, tmp_path / "s.png", split="train", count=1)
    with pytest.raises(DataError, match="empty file"):
        size_table(dataset)
