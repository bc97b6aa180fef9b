"""The canvas that synthetic pictures are drawn on, and smooth random fields over it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Field = NDArray[np.float32]
"""(H, W), a value at each pixel of the canvas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Canvas:
    """Coordinates of the pixels; 1 is the canvas's width."""

    x: Field
    y: Field

    @classmethod
    def of(cls, size: tuple[int, int], *, width: int) -> "Canvas":
        """A canvas `width` pixels wide with the proportions of `size` (width, height)."""
        height = round(width * size[1] / size[0])
        y, x = np.mgrid[0:height, 0:width].astype(np.float32) / np.float32(width)
        return cls(x=x, y=y)

    @property
    def shape(self) -> tuple[int, int]:
        return self.x.shape[0], self.x.shape[1]

    @property
    def width_units(self) -> float:
        return 1.0

    @property
    def height_units(self) -> float:
        return self.shape[0] / self.shape[1]


def clouds(canvas: Canvas, cells: int, *, random: np.random.Generator) -> Field:
    """Smooth noise from 0 to 1 with about `cells` blobs along the width."""
    height, width = canvas.shape
    rows = max(round(cells * height / width), 2)
    values = random.random((rows + 2, cells + 2), np.float32)
    return np.clip(enlarge(values, (width, height)), 0, 1)


def enlarge(field: Field, size: tuple[int, int]) -> Field:
    """The field at `size` (width, height), bicubic."""
    image = Image.fromarray(np.ascontiguousarray(field, np.float32))
    return np.asarray(image.resize(size, Image.Resampling.BICUBIC), np.float32)


def smooth_step(field: Field, low: float, high: float) -> Field:
    """0 below `low`, 1 above `high`, smooth between."""
    t = np.clip((field - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)
