"""Folders of true and predicted masks, nasty ones among them."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

Mask = np.ndarray


def blob(shape: tuple[int, int], *, shift: float = 0.0, scale: float = 1.0) -> Mask:
    """An ellipse in the middle, moved by a share of the height and scaled."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    height, width = shape
    return ((y - height * (0.5 + shift)) / (0.3 * scale * height)) ** 2 + (
        (x - width / 2) / (0.25 * scale * width)
    ) ** 2 < 1


def nasty_pairs() -> dict[str, tuple[Mask, Mask]]:
    """Predicted and true mask by id: every combination of empty, full, a pixel, noise, and sizes from 1x1 up."""
    random = np.random.default_rng(0)
    shape = (37, 53)
    empty, full = np.zeros(shape, bool), np.ones(shape, bool)
    pixel = empty.copy()
    pixel[0, 0] = True
    noise, other_noise = random.random(shape) < 0.5, random.random(shape) < 0.3
    dot, hole = np.ones((1, 1), bool), np.zeros((1, 1), bool)
    pairs = [
        (empty, full), (full, empty), (empty, empty), (full, full), (pixel, pixel), (pixel, full), (full, pixel),
        (empty, pixel), (pixel, empty), (noise, other_noise), (noise, empty), (empty, noise), (noise, full),
        (dot, dot), (dot, hole), (hole, dot), (hole, hole),
        (blob(shape), blob(shape)), (blob(shape, shift=0.05), blob(shape)), (blob(shape, scale=0.8), blob(shape)),
        (blob((1, 64)), blob((1, 64), scale=0.9)), (blob((767, 1022), shift=0.04), blob((767, 1022))),
        (blob((2848, 4288), scale=0.95), blob((2848, 4288))),
    ]  # fmt: skip
    return {f"ISIC_{number:07d}": pair for number, pair in enumerate(pairs)}


def write_masks(folder: Path, masks: Mapping[str, Mask], *, ending: str = "_Segmentation") -> Path:
    """Bool masks as 0 and 255, other arrays as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    for image_id, mask in masks.items():
        values = mask.astype(np.uint8) * 255 if mask.dtype == bool else mask
        Image.fromarray(values).save(folder / f"{image_id}{ending}.png")
    return folder
