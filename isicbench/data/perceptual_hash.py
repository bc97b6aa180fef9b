"""64-bit perceptual hashes of images, and the distances between many of them.

The hash is imagehash's `phash`: which of the 64 lowest frequencies of a 32x32 cosine transform lie above their median.
Copies that were compressed, scaled or brightened differ in few bits, but so do some different lesions, for most
dermoscopic pictures are a dark blob on pale skin: hashes find candidates, `isicbench.data.likeness` decides.
"""

from collections.abc import Iterator, Sequence
from typing import TypeVar

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

CANDIDATE_DISTANCE = 12
"""Bits within which two images deserve a second look. Copies of 68 real images at JPEG quality 10 or better, scaled to
128 px, or 30 % darker or brighter lie within it; so do 0.2 % of the pairs of different images in an orientation."""

CERTAIN_DISTANCE = 2
"""Bits within which two upright hashes alone, without their pictures, count as copies. Copies of 68 real images at JPEG
quality 30, at half size and 30 % darker are as close. No two different real ones are (the closest: 8 bits), but 2 of
817,281 pairs of synthetic ones, so a warning that rests on hashes says so."""

ORIENTATIONS = (
    "upright",
    "turned by 90°",
    "turned by 180°",
    "turned by 270°",
    "mirrored",
    "mirrored, turned by 90°",
    "mirrored, turned by 180°",
    "mirrored, turned by 270°",
)
"""Names of what `turned` does, counter-clockwise."""

FLAT_DEVIATION = 2.0
"""Standard deviation in grey levels below which an image shows nothing that could be compared."""

CHUNK_ROWS = 128

Pixel = TypeVar("Pixel", np.uint8, np.float16)


def perceptual_hash(pixels: NDArray[np.uint8]) -> str:
    """64 bits in hex of `(H, W, 3)` RGB pixels; empty for a (nearly) constant image, whose bits would be noise."""
    grey = Image.fromarray(pixels).convert("L")
    return "" if is_flat(np.asarray(grey)) else str(imagehash.phash(grey))


def is_flat(grey: NDArray[np.uint8]) -> bool:
    """Whether grey pixels are (nearly) constant."""
    return float(grey.std()) < FLAT_DEVIATION


def turned(pixels: NDArray[Pixel], orientation: int) -> NDArray[Pixel]:
    """`(H, W, ...)` values in one of the eight `ORIENTATIONS`."""
    upright = pixels[:, ::-1] if orientation >= 4 else pixels
    return np.ascontiguousarray(np.rot90(upright, orientation % 4))


def oriented_hashes(pixels: NDArray[np.uint8]) -> tuple[str, ...]:
    """The hash in each of the `ORIENTATIONS`, so that a flipped or turned copy is found as well."""
    return tuple(perceptual_hash(turned(pixels, orientation)) for orientation in range(len(ORIENTATIONS)))


def hash_bits(hashes: Sequence[str]) -> NDArray[np.uint64]:
    """`(N,)` hashes as numbers; raises `ValueError` for one that is empty."""
    return np.array([int(text, 16) for text in hashes], np.uint64)


def hamming_distances(left: NDArray[np.uint64], right: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """How many bits differ, element by element; the arrays are broadcast."""
    distances: NDArray[np.uint8] = np.bitwise_count(left ^ right)
    return distances


def close_hashes(
    left: NDArray[np.uint64], right: NDArray[np.uint64], *, distance: int
) -> Iterator[tuple[int, int, int, int]]:
    """(row of `left`, row of `right`, orientation, distance) of all that differ in at most `distance` bits.

    `left` is `(N,)`, `right` `(M, K)`: an image's hash in K orientations. A few rows are compared at once, so that
    memory does not grow with N.
    """
    for start in range(0, len(left), CHUNK_ROWS):
        rows = left[start : start + CHUNK_ROWS, None]
        for orientation in range(right.shape[1]):
            distances = hamming_distances(rows, right[None, :, orientation])
            for row, column in np.argwhere(distances <= distance):
                yield start + int(row), int(column), orientation, int(distances[row, column])
