"""An epoch's batches of many prepared images, resident in memory or read from the map as they are asked for."""

from pathlib import Path

import numpy as np

from isicbench.benchmarking.task import Task
from isicbench.data.packed_masks import PackedMasks
from isicbench.data.prepare import PreparedSplit
from isicbench.data.residency import mapped_batches

SIZE_PX = 32
BATCH = 32


def images_task(way: str, count: int, folder: Path) -> Task:
    """One epoch over `count` tiny images in a random order; a batch is summed, so that each byte is read."""
    images, masks = _arrays(folder, count)
    order = np.random.default_rng(0).permutation(count)
    return Task(
        load=lambda: None,
        do=(lambda: _resident(images, masks, order)) if way == "resident" else (lambda: _mapped(images, masks, order)),
    )


def _resident(images: Path, masks: Path, order: np.ndarray) -> None:
    held, lesions = np.load(images), np.load(masks)
    for start in range(0, len(order), BATCH):
        rows = order[start : start + BATCH]
        held[rows].sum(dtype=np.int64), lesions[rows].sum(dtype=np.int64)


def _mapped(images: Path, masks: Path, order: np.ndarray) -> None:
    count = len(order)
    split = PreparedSplit(
        image_ids=tuple(map(str, range(count))),
        images=np.load(images, mmap_mode="r"),
        masks=np.load(masks, mmap_mode="r"),
        original_sizes=np.full((count, 2), SIZE_PX, np.int32),
        original_masks=PackedMasks(
            images, np.zeros(1, np.uint8), np.zeros((count, 2), np.int64), np.zeros((count, 2), np.int32)
        ),
        original_shares=np.zeros(count),
    )
    for batch in mapped_batches(split, order, batch_size=BATCH):
        batch.images.sum(dtype=np.int64), batch.masks.sum(dtype=np.int64)


def _arrays(folder: Path, count: int) -> tuple[Path, Path]:
    """Written directly, a thousand images at a time."""
    paths = folder / f"{count}-images.npy", folder / f"{count}-masks.npy"
    if not paths[1].exists():
        random = np.random.default_rng(0)
        for path, shape in zip(paths, ((count, SIZE_PX, SIZE_PX, 3), (count, SIZE_PX, SIZE_PX)), strict=True):
            written = np.lib.format.open_memmap(path, "w+", np.uint8, shape)
            for start in range(0, count, 1_000):
                part = written[start : start + 1_000]
                part[:] = random.integers(0, 2, part.shape, np.uint8)
            written.flush()
    return paths
