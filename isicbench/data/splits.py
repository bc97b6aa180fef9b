"""The validation split: held out of the training images by seed."""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from isicbench.errors import DataError


def hold_out(image_ids: Sequence[str], *, share: float, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices (train, validation) into `image_ids`, each ascending; `share` of the images, at least one, is held out.

    An id's place is given by SHA-256 of seed and id, not by a random generator: the split is the same on each machine
    and for each order of `image_ids`. Raises `DataError` for fewer than two images.
    """
    count = len(image_ids)
    if count < 2:
        raise DataError(
            f"{count} training image{'s' if count != 1 else ''}: at least 2 are needed to hold one out for validation",
            hint="Add images, or use --validate-on test.",
        )
    held = min(max(round(share * count), 1), count - 1)
    order = sorted(range(count), key=lambda index: _rank(image_ids[index], seed))
    validation = np.sort(np.array(order[:held], np.int64))
    train = np.sort(np.array(order[held:], np.int64))
    return train, validation


def _rank(image_id: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}:{image_id}".encode()).digest()
