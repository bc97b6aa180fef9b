"""What the expert masks of a dataset look like, in a few figures that give wrong masks away."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from isicbench.data.prepare import PreparedSplit
from isicbench.data.streaming import read_rows
from isicbench.records import MaskFigures

BLOCK = 1024
"""Images that are in memory at once."""


def mask_figures(splits: Sequence[PreparedSplit]) -> MaskFigures:
    """Means over all images of the splits, which must have the same size; a block of images is looked at at a time."""
    blocks = [_block_shares(np.asarray(block, bool)) for split in splits for block in _blocks(split.masks)]
    ring, centre, prepared = np.concatenate(blocks, axis=1)
    original = np.concatenate([split.original_shares for split in splits])
    return MaskFigures(
        border_share=float(ring.mean()),
        centre_share=float(centre.mean()),
        prepared_share=float(prepared.mean()),
        original_share=float(original.mean()),
        vanished=int(np.sum((original > 0) & (prepared == 0))),
        image_count=len(prepared),
    )


def _blocks(masks: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    return (read_rows(masks, np.arange(start, min(start + BLOCK, len(masks)))) for start in range(0, len(masks), BLOCK))


def _block_shares(masks: NDArray[np.bool_]) -> NDArray[np.float64]:
    """`(3, N)`: foreground's share of the outermost pixels, of the middle ninth, and of all of `(N, H, W)`."""
    third = masks.shape[1] // 3
    ring = np.concatenate([masks[:, 0], masks[:, -1], masks[:, 1:-1, 0], masks[:, 1:-1, -1]], axis=1)
    centre = masks[:, third : 2 * third, third : 2 * third]
    return np.stack([ring.mean(axis=1), centre.mean(axis=(1, 2)), masks.mean(axis=(1, 2))])
