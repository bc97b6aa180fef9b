"""Whether prepared images fit in memory, and reading them from the map in batches where they do not."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import psutil
from numpy.typing import NDArray

from isicbench.data.prepare import PreparedSplit

SHARE = 0.5
"""Of the memory that is free: the rest is for the network, and for others."""
BATCHES_AHEAD = 2


@dataclass(frozen=True, slots=True, eq=False)
class MappedBatch:
    """Copies of some rows of a split."""

    images: NDArray[np.uint8]
    """(B, size_px, size_px, 3)."""
    masks: NDArray[np.uint8]
    """(B, size_px, size_px), 0 or 1."""


def resident_bytes(split: PreparedSplit, *, count: int | None = None) -> int:
    """What `count` images of a split, or all of them, take in memory together with their masks."""
    images = len(split.image_ids) if count is None else count
    return images * int(split.images[0].nbytes + split.masks[0].nbytes)


def memory_budget_bytes(*, free_bytes: int | None = None, sharers: int = 1) -> int:
    """What one of `sharers` runs at once may keep resident, of the free memory (by default this machine's)."""
    free = psutil.virtual_memory().available if free_bytes is None else free_bytes
    return int(free * SHARE / sharers)


def fits_in_memory(split: PreparedSplit, *, budget_bytes: int) -> bool:
    """Whether a split may live on the device; otherwise its batches come from `mapped_batches`."""
    return resident_bytes(split) <= budget_bytes


def mapped_batches(
    split: PreparedSplit, index: NDArray[np.int64] | Sequence[int], *, batch_size: int
) -> Iterator[MappedBatch]:
    """Batches of the rows `index`, in that order, read from the map by a thread that is a few batches ahead.

    A batch's rows are read in the order of the file, so that an epoch's random order costs no random seeks within it.
    """
    rows = np.asarray(index, np.int64)
    parts = [rows[start : start + batch_size] for start in range(0, len(rows), batch_size)]
    with ThreadPoolExecutor(1) as reader:
        ahead = [reader.submit(_read, split, part) for part in parts[:BATCHES_AHEAD]]
        for place in range(len(parts)):
            batch = ahead.pop(0).result()
            if place + BATCHES_AHEAD < len(parts):
                ahead.append(reader.submit(_read, split, parts[place + BATCHES_AHEAD]))
            yield batch


def _read(split: PreparedSplit, rows: NDArray[np.int64]) -> MappedBatch:
    order = np.argsort(rows)
    images = np.empty((len(rows), *split.images.shape[1:]), np.uint8)
    masks = np.empty((len(rows), *split.masks.shape[1:]), np.uint8)
    images[order], masks[order] = split.images[rows[order]], split.masks[rows[order]]
    return MappedBatch(images, masks)
