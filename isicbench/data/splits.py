"""What the training images are for: to train, to validate, and in a cross-validation to be scored.

Images are held out of others by seed, whole groups of them where it is known what belongs together.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isicbench.config import Config
from isicbench.errors import DataError

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingParts:
    """Indices into a dataset's training images, each ascending, no two of them sharing one."""

    train: Indices
    validation: Indices
    """Empty where the test images serve, or images that the dataset brings."""
    fold: Indices
    """What is scored in the test images' place; empty without folds."""


def split_training(image_ids: Sequence[str], config: Config, *, brings_validation: bool = False) -> TrainingParts:
    """The parts that the config says; none is held out for validation where the dataset brings images for it.

    Raises `DataError` where there are too few images.
    """
    everything, nothing = np.arange(len(image_ids)), np.array([], np.int64)
    if config.validate_on == "test":
        return TrainingParts(train=everything, validation=nothing, fold=nothing)
    fold = nothing
    if config.folds:
        seed = config.validation_seed if config.data_seed is None else config.data_seed
        fold = choose_folds(image_ids, folds=config.folds, seed=seed)[config.fold - 1]
    rest = np.setdiff1d(everything, fold)
    if brings_validation:
        return TrainingParts(train=rest, validation=nothing, fold=fold)
    rest_ids = [image_ids[index] for index in rest]
    train, validation = hold_out(rest_ids, share=config.validation_share, seed=config.validation_seed)
    return TrainingParts(train=rest[train], validation=rest[validation], fold=fold)


def choose_folds(image_ids: Sequence[str], *, folds: int, seed: int) -> list[Indices]:
    """Cut into `folds` parts of equal size, or one image more, each ascending; together they hold every image once.

    As in `hold_out`, SHA-256 of seed and id gives an id's place. Raises `DataError` for fewer images than folds.
    """
    if len(image_ids) < folds:
        raise DataError(
            f"{len(image_ids)} training images cannot be cut into {folds} folds", hint="Add images, or ask for fewer."
        )
    order = sorted(range(len(image_ids)), key=lambda index: _rank(image_ids[index], f"fold {seed}"))
    return [np.sort(np.array(order[start::folds], np.int64)) for start in range(folds)]


def hold_out(
    image_ids: Sequence[str], *, share: float, seed: int, groups: Mapping[str, str] | None = None
) -> tuple[Indices, Indices]:
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


def _hold_out_groups(group_of: Sequence[str], *, share: float, seed: int) -> tuple[Indices, Indices]:
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


def _rank(image_id: str, seed: int | str) -> bytes:
    return hashlib.sha256(f"{seed}:{image_id}".encode()).digest()
