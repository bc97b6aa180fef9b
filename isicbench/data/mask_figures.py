"""What the expert masks of a dataset look like, in a few figures that give wrong masks away."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from isicbench.data.prepare import PreparedSplit
from isicbench.records import MaskFigures


def mask_figures(splits: Sequence[PreparedSplit]) -> MaskFigures:
    """Means over all images of the splits, which must have the same size."""
    masks = np.concatenate([np.asarray(split.masks, bool) for split in splits])
    original = np.concatenate([split.original_shares for split in splits])
    third = masks.shape[1] // 3
    prepared = masks.mean(axis=(1, 2))
    return MaskFigures(
        border_share=float(_ring(masks).mean()),
        centre_share=float(masks[:, third : 2 * third, third : 2 * third].mean()),
        prepared_share=float(prepared.mean()),
        original_share=float(original.mean()),
        vanished=int(np.sum((original > 0) & (prepared == 0))),
        image_count=len(masks),
    )


def _ring(masks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """`(N, ...)`: the outermost pixels of `(N, H, W)`."""
    return np.concatenate([masks[:, 0], masks[:, -1], masks[:, 1:-1, 0], masks[:, 1:-1, -1]], axis=1)
