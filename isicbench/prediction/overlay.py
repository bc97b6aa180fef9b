"""A picture with the outline of its mask."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, minimum_filter1d

from isicbench.report.palette import SKY

Mask = NDArray[np.bool_]
Picture = NDArray[np.uint8]

LINE_COLOUR = tuple(bytes.fromhex(SKY.removeprefix("#")))
"""Neither skin nor lesion has it, and it stays apart from both in each kind of colour
blindness."""
EDGE_COLOUR = (0, 0, 0)
"""A thin dark edge on either side keeps the line visible on pale and on bluish pictures, and in grey print."""
LINE_SHARE_OF_SIDE = 1 / 400
"""The line's half width, as a share of the longer side: alike in pictures of every size."""


def with_outline(picture: Picture, mask: Mask) -> Picture:
    """A copy of `(H, W, 3)` RGB with the outline of the `(H, W)` mask drawn over it; an empty mask draws nothing.

    The line runs along the mask's edge, half of it on either side; where the mask reaches the picture's border, the
    line follows the border.
    """
    drawn = picture.copy()
    box = _around(mask, _half_width(mask) + _edge_width(mask))
    if box is not None:
        part, seen = mask[box].view(np.uint8), drawn[box]
        seen[_line(part, _half_width(mask) + _edge_width(mask))] = EDGE_COLOUR
        seen[_line(part, _half_width(mask))] = LINE_COLOUR
    return drawn


def _half_width(mask: Mask) -> int:
    longer: int = max(mask.shape)
    return max(1, round(longer * LINE_SHARE_OF_SIDE))


def _edge_width(mask: Mask) -> int:
    return max(1, _half_width(mask) // 2)


def _around(mask: Mask, margin: int) -> tuple[slice, slice] | None:
    """The box around the foreground with a margin, within the picture; None of nothing."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return tuple(slice(max(0, place[0] - margin), place[-1] + margin + 1) for place in (rows, columns))  # type: ignore[return-value]


def _line(part: NDArray[np.uint8], half_width: int) -> Mask:
    """Pixels within so many steps of the edge, on both sides of it; beyond the picture there is background."""
    grown, shrunk = part, part
    for axis in (0, 1):
        grown = maximum_filter1d(grown, 2 * half_width + 1, axis=axis, mode="constant", cval=0)
        shrunk = minimum_filter1d(shrunk, 2 * half_width + 1, axis=axis, mode="constant", cval=0)
    line: Mask = grown != shrunk
    return line
