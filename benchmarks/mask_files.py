"""Masks of the challenge's mixed sizes as PNG files, packed as the prepared arrays hold them, and probabilities."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from isicbench.data.images import SizedMask, read_mask
from isicbench.data.packed_masks import PackedMasks, PackedMaskWriter
from isicbench.data.prepare import PreparedSplit
from isicbench.data.synthetic import SIZE_SHARES, SIZES
from isicbench.data.threads import map_in_order

NETWORK_PX = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskFiles:
    """What every contestant scores: true masks as files, and a network's probabilities of them."""

    paths: tuple[Path, ...]
    split: PreparedSplit
    probabilities: NDArray[np.float32]
    """(N, 128, 128)."""

    def first(self) -> "MaskFiles":
        """The first image alone, to load libraries with before the clock starts."""
        one = replace(
            self.split,
            image_ids=self.split.image_ids[:1],
            masks=self.split.masks[:1],
            original_sizes=self.split.original_sizes[:1],
        )
        return MaskFiles(paths=self.paths[:1], split=one, probabilities=self.probabilities[:1])


def write_mask_files(folder: Path, *, count: int, sizes: tuple[tuple[int, int], ...] = SIZES) -> None:
    """Draw `count` masks as PNGs; the sizes come in the shares of the challenge's images."""
    random = np.random.default_rng(0)
    shares = np.array(SIZE_SHARES[: len(sizes)]) / sum(SIZE_SHARES[: len(sizes)])
    chosen = random.permutation(np.repeat(np.arange(len(sizes)), _whole_counts(shares, count)))
    tasks = [(folder / f"ISIC_{n:07d}_Segmentation.png", sizes[size], n) for n, size in enumerate(chosen)]
    for _ in map_in_order(_write_mask, tasks):
        pass


def open_mask_files(folder: Path) -> MaskFiles:
    """Pack the masks as `isicbench data prepare` does, and blur their small versions into probabilities."""
    paths = tuple(sorted(folder.glob("*.png")))
    small, sizes, shares = [], [], []
    with (folder / "masks.bin").open("wb") as file:
        writer = PackedMaskWriter(file)
        for mask in map_in_order(_read_small, paths):
            writer.add(mask.packed)
            small.append(mask.pixels)
            sizes.append(mask.original_size)
            shares.append(mask.original_share)
        writer.save_offsets(folder / "offsets.npy")
    masks, original_sizes = np.stack(small), np.array(sizes, np.int32)
    split = PreparedSplit(
        image_ids=tuple(path.stem.removesuffix("_Segmentation") for path in paths),
        images=np.zeros((len(paths), 1, 1, 3), np.uint8),
        masks=masks,
        original_sizes=original_sizes,
        original_masks=PackedMasks.open(folder / "masks.bin", folder / "offsets.npy", sizes=original_sizes),
        original_shares=np.array(shares),
    )
    return MaskFiles(paths=paths, split=split, probabilities=_probabilities(masks))


def _whole_counts(shares: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """How many of each size; every size occurs where there are enough images."""
    counts = np.maximum(1, np.round(shares * count)).astype(np.int64)
    counts[0] += count - counts.sum()
    return counts


def _read_small(path: Path) -> SizedMask:
    return read_mask(path, NETWORK_PX)


def _write_mask(task: tuple[Path, tuple[int, int], int]) -> None:
    """One lesion with a wavy outline."""
    path, (width, height), number = task
    random = np.random.default_rng(number)
    y, x = np.mgrid[:height, :width]
    dy = (y - height * random.uniform(0.4, 0.6)) / height
    dx = (x - width * random.uniform(0.4, 0.6)) / height
    angle = np.arctan2(dy, dx)
    radius = random.uniform(0.15, 0.4) * (1 + 0.08 * np.sin(3 * angle + number) + 0.04 * np.sin(11 * angle))
    Image.fromarray((dy**2 + dx**2 < radius**2).astype(np.uint8) * 255).save(path, compress_level=6)


def _probabilities(masks: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Blurred masks with smooth errors, as a network's output."""
    random = np.random.default_rng(1)
    errors = gaussian_filter(random.normal(0, 1, masks.shape), (0, 6, 6)) * 5
    blurred = gaussian_filter(masks.astype(np.float64), (0, 3, 3))
    probabilities: NDArray[np.float32] = np.clip(blurred + 0.15 * errors, 0, 1).astype(np.float32)
    return probabilities
