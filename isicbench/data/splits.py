"""Images held out of others by seed, whole groups of them where it is known what belongs together."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from isicbench.errors import DataError


def hold_out(
    image_ids: Sequence[str], *, share: float, seed: int, groups: Mapping[str, str] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices (train, validation) into `image_ids`, each ascending; `share` of the images, at least one, is held out.

    An id's place is given by SHA-256 of seed and id, not by a random generator: the split is the same on each machine
    and for each order of `image_ids`. With `groups`, the group (patient, lesion) of each id, the groups have places and
    stay whole, so that the share holds to within a group. Raises `DataError` for fewer than two images or groups.
    """
    if groups is not None:
        return _hold_out_groups([groups[image_id] for image_id in image_ids], share=share, seed=seed)
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


def _hold_out_groups(
    group_of: Sequence[str], *, share: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    sizes = Counter(group_of)
    if len(sizes) < 2:
        raise DataError(
            f"{len(sizes)} group{'s' if len(sizes) != 1 else ''} of images: at least 2 are needed to hold one out",
            hint="Check the column of --group-by: each patient or lesion has a value of its own.",
        )
    wanted = share * len(group_of)
    held: set[str] = set()
    count = 0
    for group in sorted(sizes, key=lambda name: _rank(name, seed))[:-1]:
        # A group that would overshoot by more than what is lacking stays; the first one is always held out.
        if held and count + sizes[group] - wanted > wanted - count:
            break
        held.add(group)
        count += sizes[group]
    is_held = np.array([group in held for group in group_of])
    return np.flatnonzero(~is_held), np.flatnonzero(is_held)


def _rank(image_id: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}:{image_id}".encode()).digest()
