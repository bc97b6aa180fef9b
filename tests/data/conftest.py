"""Small datasets of real files in the challenge's layout, and a home folder of the test's own."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from isicbench.data.catalog import open_dataset
from isicbench.data.dataset import Dataset
from isicbench.data.layout import FOLDERS, TEST_IMAGES, TEST_MASKS, TRAIN_IMAGES, TRAIN_MASKS

WriteFolder = Callable[..., Path]


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    monkeypatch.setenv("ISICBENCH_HOME", str(home))
    monkeypatch.delenv("ISICBENCH_ISIC2016_URL", raising=False)
    return home


def write_pair(root: Path, image_id: str, *, is_train: bool, size: tuple[int, int] = (96, 72)) -> None:
    """A smooth picture with a bright rectangle, and the rectangle as its mask."""
    images, masks = (TRAIN_IMAGES, TRAIN_MASKS) if is_train else (TEST_IMAGES, TEST_MASKS)
    shade = sum(image_id.encode()) * 7 % 90
    pixels = np.full((size[1], size[0], 3), (90 + shade, 60 + shade, 40), np.uint8)
    mask = np.zeros(size[::-1], np.uint8)
    mask[size[1] // 4 : size[1] // 2, size[0] // 4 : size[0] // 2] = 255
    pixels[mask > 0] = 230
    Image.fromarray(pixels).save(root / images / f"{image_id}.jpg", quality=95)
    Image.fromarray(mask).save(root / masks / f"{image_id}_Segmentation.png")


@pytest.fixture
def write_folder(tmp_path: Path) -> WriteFolder:
    def write(name: str = "pairs", *, train: int = 4, test: int = 2) -> Path:
        root = tmp_path / name
        for folder in FOLDERS:
            (root / folder).mkdir(parents=True)
        for number in range(train + test):
            write_pair(root, f"ISIC_{number:07d}", is_train=number < train)
        return root

    return write


@pytest.fixture
def root(write_folder: WriteFolder) -> Path:
    """Four train and two test pairs of 96x72 pixels: ISIC_0000000 to ISIC_0000005."""
    return write_folder()


@pytest.fixture
def dataset(root: Path) -> Dataset:
    return open_dataset("folder", data_dir=root)


@pytest.fixture(scope="session")
def real_sample(sample_data: Path) -> Path:
    """68 real pairs, where the machine has them."""
    path = sample_data / "isic_sample"
    if not path.is_dir():
        pytest.skip(f"{path} is not there")
    return path
