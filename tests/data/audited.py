"""A folder of drawn pictures and the faults that are planted in it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from isicbench.data.layout import TEST_IMAGES, TEST_MASKS, TRAIN_IMAGES, TRAIN_MASKS

TRAIN, TEST = 7, 2
Change = Callable[[Image.Image], Image.Image]
MaskChange = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]


def train_id(number: int) -> str:
    """The ids that `write_synthetic` gives to its training pictures."""
    return f"ISIC_{9_000_000 + number:07d}"


def image_file(root: Path, image_id: str, *, split: str = "train", suffix: str = ".jpg") -> Path:
    return root / (TRAIN_IMAGES if split == "train" else TEST_IMAGES) / f"{image_id}{suffix}"


def mask_file(root: Path, image_id: str, *, split: str = "train") -> Path:
    return root / (TRAIN_MASKS if split == "train" else TEST_MASKS) / f"{image_id}_Segmentation.png"


def plant_copy(
    root: Path, source: str, copy: str, *, split: str, change: Change | None = None, suffix: str = ".jpg"
) -> None:
    """Put a copy of a training pair into a split: the same bytes, or a changed picture compressed anew."""
    image, mask = image_file(root, copy, split=split, suffix=suffix), mask_file(root, copy, split=split)
    if change is None:
        shutil.copy(image_file(root, source), image)
        shutil.copy(mask_file(root, source), mask)
        return
    with Image.open(image_file(root, source)) as picture, Image.open(mask_file(root, source)) as lesion:
        change(picture).save(image, quality=40)
        change(lesion.convert("L")).point([255 * (value > 127) for value in range(256)]).save(mask)


def change_mask(root: Path, image_id: str, change: MaskChange) -> None:
    path = mask_file(root, image_id)
    with Image.open(path) as lesion:
        mask = (np.asarray(lesion.convert("L")) > 127).astype(np.uint8) * np.uint8(255)
    Image.fromarray(change(mask).astype(np.uint8)).save(path)
