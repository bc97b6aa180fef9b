"""What can be wrong with a sound mask file: figures of one mask, and the reasons to look at it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

TINY_AREA = 0.001
"""Share of the image. The smallest of 68 real lesions covers 0.0055."""

HUGE_AREA = 0.95
"""Share of the image. The largest of 68 real lesions covers 0.923."""

BORDER_SHARE = 0.75
"""Share of the outermost pixels. Large lesions that run out of a synthetic picture reach 0.63, real ones 0.25."""

INVERTED_BORDER_SHARE = 0.5
CLOSED_BORDER_SHARE = 0.99
"""With lesion on all of the border, and background somewhere inside, the two are swapped."""

MANY_PARTS = 5
LARGEST_PART_SHARE = 0.5
LONGER_SIDE_PX = 1024
"""Parts are counted on every second, third .. pixel of a larger mask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskFigures:
    """One mask, measured; shares are from 0 to 1."""

    area: float
    """Lesion's share of the image."""
    border: float
    """Lesion's share of the outermost pixels."""
    centre: float
    """Lesion's share of the middle quarter of the width and height."""
    corners: int
    """How many of the four corners are lesion."""
    parts: int
    largest_part: float
    """Share of the lesion; 0 where there is none."""
    levels: tuple[int, ...]
    """The grey values in the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskFault:
    """`kind` is for scripts; an unsound mask is wrong for certain, any other one deserves a look."""

    kind: str
    message: str
    unsound: bool = False


def measure_mask(mask: NDArray[np.uint8], levels: tuple[int, ...]) -> MaskFigures:
    """Figures of a `(H, W)` mask of 0 and 1, and the grey `levels` that its file holds."""
    parts, largest = _parts(mask)
    height, width = mask.shape
    centre = mask[height * 3 // 8 : -(-height * 5 // 8), width * 3 // 8 : -(-width * 5 // 8)]
    border = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    return MaskFigures(
        area=float(mask.mean()),
        border=float(border.mean()),
        centre=float(centre.mean()),
        corners=int(mask[[0, 0, -1, -1], [0, -1, 0, -1]].sum()),
        parts=parts,
        largest_part=largest,
        levels=levels,
    )


def mask_faults(figures: MaskFigures) -> Iterator[MaskFault]:
    """Every reason to look at the mask; of those that say the same of its area, the strongest."""
    if figures.levels == (0, 1):
        yield MaskFault(
            kind="mask_levels", message="its values are 0 and 1: black to the eye, empty to tools that expect 255"
        )
    if figures.area == 0:
        yield MaskFault(kind="empty_mask", message="its mask is empty", unsound=True)
        return
    if figures.area == 1:
        yield MaskFault(kind="full_mask", message="its mask covers every pixel", unsound=True)
        return
    yield from _shape_faults(figures)


def _shape_faults(figures: MaskFigures) -> Iterator[MaskFault]:
    share = f"{100 * figures.area:.2g} %"
    if is_inverted(figures):
        yield MaskFault(
            kind="inverted_mask",
            message=f"its mask is inverted: lesion on {figures.border:.0%} of the border, background in the middle",
            unsound=True,
        )
    elif figures.area > HUGE_AREA:
        yield MaskFault(kind="huge_mask", message=f"its mask covers {figures.area:.1%} of the image")
    elif figures.border > BORDER_SHARE:
        yield MaskFault(kind="border_mask", message=f"its mask touches {figures.border:.0%} of the border")
    if figures.area < TINY_AREA:
        yield MaskFault(kind="tiny_mask", message=f"its mask covers {share} of the image")
    if figures.parts > MANY_PARTS or figures.largest_part < LARGEST_PART_SHARE:
        yield MaskFault(
            kind="scattered_mask",
            message=f"its mask falls into {figures.parts} parts, the largest with {figures.largest_part:.0%} of it",
        )


def is_inverted(figures: MaskFigures) -> bool:
    """Whether lesion covers most of the border and three corners or more, and what it leaves out lies in the middle."""
    surrounds = figures.border > INVERTED_BORDER_SHARE and figures.corners >= 3
    return surrounds and (figures.centre < 0.5 or figures.border > CLOSED_BORDER_SHARE)


def _parts(mask: NDArray[np.uint8]) -> tuple[int, float]:
    """How many connected parts (by sides) the lesion has, and the largest one's share of it."""
    step = -(-max(mask.shape) // LONGER_SIDE_PX)
    labels, parts = label(mask[::step, ::step])
    if parts == 0:
        return 0, 0.0
    sizes = np.bincount(labels.ravel())[1:]
    return int(parts), float(sizes.max() / sizes.sum())
