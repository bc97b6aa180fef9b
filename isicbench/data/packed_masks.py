"""Masks of differing sizes in one file: a bit a pixel, compressed."""

import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from isicbench.errors import DataError

LEVEL = 1
"""Of zlib: a lesion's bits shrink to a hundredth at the fastest level already."""

Mask = NDArray[np.bool_]


def pack_mask(mask: Mask) -> bytes:
    """A `(H, W)` bool mask as bits, each row from a byte of its own, compressed by zlib (which adds a checksum)."""
    return zlib.compress(np.packbits(mask, axis=1).tobytes(), LEVEL)


def unpack_mask(packed: bytes, *, width: int, height: int) -> Mask:
    """The `(H, W)` bool mask that was packed. Raises `ValueError` for damaged bytes or another size."""
    try:
        bits = np.frombuffer(zlib.decompress(packed), np.uint8)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    return np.unpackbits(bits.reshape(height, -(-width // 8)), axis=1, count=width).view(np.bool_)


@dataclass(slots=True)
class PackedMaskWriter:
    """Writes masks one after the other."""

    file: BinaryIO
    offsets: list[int] = field(default_factory=lambda: [0])

    def add(self, packed: bytes) -> None:
        self.file.write(packed)
        self.offsets.append(self.offsets[-1] + len(packed))

    def save_offsets(self, path: Path) -> None:
        np.save(path, np.array(self.offsets, np.int64))


@dataclass(frozen=True, slots=True)
class PackedMasks:
    """N masks in a file, each read when it is asked for."""

    path: Path
    content: NDArray[np.uint8]
    """The file, mapped."""
    bounds: NDArray[np.int64]
    """(N, 2): where each mask begins and ends."""
    sizes: NDArray[np.int32]
    """(N, 2) width and height."""

    @classmethod
    def open(cls, path: Path, offsets: Path, *, sizes: NDArray[np.int32]) -> "PackedMasks":
        """Raises `OSError` or `ValueError` where the files are absent, cut short or do not fit each other."""
        starts = np.load(offsets)
        # An empty file, of a split without images, cannot be mapped.
        content = np.memmap(path, np.uint8, mode="r") if path.stat().st_size else np.empty(0, np.uint8)
        if (
            starts.shape != (len(sizes) + 1,)
            or starts[0] != 0
            or starts[-1] != len(content)
            or (np.diff(starts) < 1).any()
        ):
            raise ValueError("the offsets do not fit the packed masks")
        return cls(path, content, np.stack([starts[:-1], starts[1:]], axis=1), sizes)

    def __len__(self) -> int:
        return len(self.sizes)

    def part(self, index: NDArray[np.int64]) -> "PackedMasks":
        """Only the masks at the positions `index`."""
        return PackedMasks(self.path, self.content, self.bounds[index], self.sizes[index])

    def read(self, position: int) -> Mask:
        """`(H, W)` bool. Threads may read at once. Raises `DataError` where the file is damaged."""
        width, height = (int(side) for side in self.sizes[position])
        begin, end = self.bounds[position]
        packed = self.content[begin:end].tobytes()
        try:
            return unpack_mask(packed, width=width, height=height)
        except ValueError as error:
            raise DataError(
                f"{self.path} is damaged at mask {position} ({error})",
                hint=f"Remove the folder {self.path.parent} and prepare the dataset anew: isicbench data prepare",
            ) from error
