"""Prints the table of docs/how-to/audit.md: how close different images and copies come. Run it with a folder of images.

python -m docs.measure_copies FOLDER
"""

import io
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

from isicbench.data.catalog import open_dataset
from isicbench.data.images import read_image
from isicbench.data.likeness import fine_structure, likeness
from isicbench.data.perceptual_hash import (
    CANDIDATE_DISTANCE,
    ORIENTATIONS,
    hamming_distances,
    hash_bits,
    oriented_hashes,
    perceptual_hash,
    turned,
)
from isicbench.data.threads import map_in_order

SIZE_PX = 128
LONGER_SIDE_PX = 1600
"""Larger files are scaled down first: only copies of copies are measured."""

Pixels = NDArray[np.uint8]


def main(folder: Path) -> None:
    dataset = open_dataset("folder", data_dir=folder)
    files = [pair.image for _, pairs in dataset.splits for pair in pairs]
    images = [image.pixels for image in map_in_order(lambda file: read_image(file, SIZE_PX), files)]
    print(f"{len(images)} images, {len(images) * (len(images) - 1) // 2} pairs of different ones")
    print_different("different images", images)
    print_different("different images under one common vignette", [under_vignette(image) for image in images])
    for name, change in CHANGES.items():
        figures = np.array([*map_in_order(lambda file, change=change: distance_and_likeness(file, change), files)])
        lowest, tenth, half = np.quantile(figures[:, 1], (0, 0.1, 0.5))
        likenesses = f"{lowest:.3f}, a tenth below {tenth:.3f}, half below {half:.3f}"
        print(f"{name}: at most {figures[:, 0].max():.0f} bits, likeness at least {likenesses}")


def print_different(name: str, images: list[Pixels]) -> None:
    """The closest hashes, upright and in any orientation, and the highest likeness among all pairs and candidates."""
    hashes = np.array([hash_bits(oriented_hashes(image)) for image in images])
    fine = [fine_structure(image) for image in images]
    upright = np.array(fine, np.float32).reshape(len(images), -1)
    pairs = np.triu_indices(len(images), 1)
    distances, agreements = [], []
    for orientation in range(len(ORIENTATIONS)):
        other = np.array([turned(one, orientation) for one in fine], np.float32).reshape(len(images), -1)
        distances.append(hamming_distances(hashes[:, None, 0], hashes[None, :, orientation])[pairs])
        agreements.append((upright @ other.T)[pairs])
    near = np.array(distances) <= CANDIDATE_DISTANCE
    print(
        f"{name}: at least {distances[0].min()} bits upright, {np.min(distances)} in any orientation, "
        f"{near.sum()} times at most {CANDIDATE_DISTANCE}; likeness at most {np.max(agreements):.3f}"
    )


def distance_and_likeness(file: Path, change: Callable[[Image.Image], Image.Image]) -> tuple[int, float]:
    with Image.open(file) as opened:
        image = opened.convert("RGB")
    image.thumbnail((LONGER_SIDE_PX, LONGER_SIDE_PX))
    one, two = small(image), small(change(image))
    bits = hash_bits([perceptual_hash(one), perceptual_hash(two)])
    return int(hamming_distances(bits[:1], bits[1:])[0]), likeness(fine_structure(one), fine_structure(two))


def small(image: Image.Image) -> Pixels:
    return np.asarray(image.resize((SIZE_PX, SIZE_PX), Image.Resampling.BILINEAR))


def under_vignette(pixels: Pixels) -> Pixels:
    """Dark corners as a dermatoscope's round view leaves them."""
    y, x = np.mgrid[-1 : 1 : SIZE_PX * 1j, -1 : 1 : SIZE_PX * 1j]
    light = np.clip((1.15 - np.hypot(x, y)) / 0.1, 0, 1)
    return (pixels * light[..., None]).astype(np.uint8)


def compressed(quality: int) -> Callable[[Image.Image], Image.Image]:
    def compress(image: Image.Image) -> Image.Image:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality)
        return Image.open(file).convert("RGB")

    return compress


def cropped(share: float) -> Callable[[Image.Image], Image.Image]:
    def crop(image: Image.Image) -> Image.Image:
        x, y = int(share * image.width), int(share * image.height)
        return image.crop((x, y, image.width - x, image.height - y))

    return crop


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "JPEG quality 30": compressed(30),
    "half size": lambda image: image.resize((image.width // 2, image.height // 2)),
    "30 % darker": lambda image: ImageEnhance.Brightness(image).enhance(0.7),
    "30 % brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.3),
    "JPEG quality 10": compressed(10),
    "cropped by 1 %": cropped(0.01),
    "cropped by 2 %": cropped(0.02),
    "cropped by 5 %": cropped(0.05),
}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
