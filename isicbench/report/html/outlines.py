"""Masks as SVG paths along the edges of their pixels: exact at any size, and the same bytes on every machine."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from isicbench.report.predictions import Mask

MOST_EDGES = 6_000
"""Pixels' edges in one path; a mask as ragged as noise is drawn from every second pixel, or fourth, and so on."""

Corner = tuple[int, int]
_STEPS = {(1, 0): "h", (-1, 0): "h", (0, 1): "v", (0, -1): "v"}


def outline(mask: Mask) -> str:
    """The path of a `(H, W)` mask in units of its pixels, to be filled by the even-odd rule; empty without any."""
    scale = 1
    while _edge_count(mask[::scale, ::scale]) > MOST_EDGES:
        scale *= 2
    return _path(mask[::scale, ::scale], scale)


def _edge_count(mask: Mask) -> int:
    padded = np.pad(mask, 1)
    return int((padded[1:] != padded[:-1]).sum() + (padded[:, 1:] != padded[:, :-1]).sum())


def _path(mask: Mask, scale: int) -> str:
    following = _edges(mask)
    loops = []
    while following:
        start = next(iter(following))
        loops.append(_loop_path(_loop(following, start), scale))
    return "".join(loops)


def _edges(mask: Mask) -> dict[Corner, list[Corner]]:
    """From corner to next corner, foreground always on the right hand."""
    padded = np.pad(mask, 1)
    following: dict[Corner, list[Corner]] = {}
    inside, above, left = padded[1:, 1:], padded[:-1, 1:], padded[1:, :-1]
    for starts, shift in (
        (inside & ~above, ((0, 0), (1, 0))),
        (~inside & above, ((1, 0), (0, 0))),
        (inside & ~left, ((0, 1), (0, 0))),
        (~inside & left, ((0, 0), (0, 1))),
    ):
        _add_edges(following, starts, *shift)
    return following


def _add_edges(following: dict[Corner, list[Corner]], where: NDArray[np.bool_], a: Corner, b: Corner) -> None:
    for y, x in np.argwhere(where).tolist():
        following.setdefault((x + a[0], y + a[1]), []).append((x + b[0], y + b[1]))


def _loop(following: dict[Corner, list[Corner]], start: Corner) -> list[Corner]:
    """One closed way along the edges, which it takes out."""
    corners, here = [start], start
    while True:
        onward = following[here]
        there = onward.pop()
        if not onward:
            del following[here]
        if there == start:
            return corners
        corners.append(there)
        here = there


def _loop_path(corners: list[Corner], scale: int) -> str:
    """`M3 4h5v2...z`, edges of one direction joined."""
    x, y = corners[0]
    parts = [f"M{x * scale} {y * scale}"]
    runs: list[tuple[str, int]] = []
    for (x0, y0), (x1, y1) in pairwise([*corners, corners[0]]):
        name = _STEPS[x1 - x0, y1 - y0]
        length = (x1 - x0) + (y1 - y0)
        if runs and runs[-1][0] == name and runs[-1][1] * length > 0:
            runs[-1] = name, runs[-1][1] + length
        else:
            runs.append((name, length))
    parts += [f"{name}{length * scale}" for name, length in runs[:-1]]  # the last is what z draws
    return "".join(parts) + "z"
