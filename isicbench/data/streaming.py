"""Prepared images that stay on disk while batches of them are read ahead, where memory would not hold them all."""

import mmap
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from io import FileIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

BATCHES_AHEAD = 2

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class StreamedBatch:
    """Copies of some rows."""

    images: NDArray[np.uint8]
    """(B, size_px, size_px, 3)."""
    masks: NDArray[np.uint8]
    """(B, size_px, size_px), 0 or 1."""


def stream_batches(
    images: NDArray[np.uint8], masks: NDArray[np.uint8], batches: Sequence[Rows]
) -> Iterator[StreamedBatch]:
    """The rows of each batch, read from disk by a thread that is a few batches ahead."""
    with ThreadPoolExecutor(1) as reader:
        read = partial(_read_batch, images, masks)
        ahead = [reader.submit(read, rows) for rows in batches[:BATCHES_AHEAD]]
        for place in range(len(batches)):
            batch = ahead.pop(0).result()
            if place + BATCHES_AHEAD < len(batches):
                ahead.append(reader.submit(read, batches[place + BATCHES_AHEAD]))
            yield batch


def _read_batch(images: NDArray[np.uint8], masks: NDArray[np.uint8], rows: Rows) -> StreamedBatch:
    return StreamedBatch(read_rows(images, rows), read_rows(masks, rows))


def read_rows(array: NDArray[np.uint8], rows: Rows) -> NDArray[np.uint8]:
    """Copies of an array's rows, read in the order in which they lie.

    Those of a mapped file come by `read`: pages touched through the map would count as this process's memory.
    """
    if not isinstance(array, np.memmap) or not isinstance(array.base, mmap.mmap) or array.filename is None:
        return array[rows]
    found = np.empty((len(rows), *array.shape[1:]), array.dtype)
    row_bytes = array.nbytes // len(array)
    with Path(array.filename).open("rb", buffering=0) as file:
        for place in np.argsort(rows):
            file.seek(array.offset + int(rows[place]) * row_bytes)
            _fill(file, memoryview(found[place]).cast("B"))
    return found


def _fill(file: FileIO, into: memoryview) -> None:
    """`readinto` may give less than was asked for."""
    while into:
        count = file.readinto(into)
        if not count:
            raise OSError("the prepared arrays were cut short while they were read")
        into = into[count:]
