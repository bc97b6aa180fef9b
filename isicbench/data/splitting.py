"""Splits of datasets that have none of their own, and validation images that share no patient or lesion with others."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from isicbench.choices import some_of
from isicbench.config import Config
from isicbench.data.dataset import Dataset, Pair
from isicbench.data.image_table import read_column, read_splits
from isicbench.data.split_choice import SplitChoice
from isicbench.data.splits import hold_out
from isicbench.errors import ConfigError, DataError

SPLIT_SEED = 0
USUAL_TEST_SHARE = 0.2
USUAL_VALIDATION_SHARE = Config().validation_share
NAMED = 5

Groups = Mapping[str, str]
"""The patient or lesion of each image, by its id."""


def split_pairs(
    dataset: Dataset,
    choice: SplitChoice,
    *,
    usual_test_share: float = USUAL_TEST_SHARE,
    usual_groups: Groups | None = None,
    validation_share: float | None = USUAL_VALIDATION_SHARE,
) -> Dataset:
    """A dataset all of whose pairs are in `test`, split as the choice says; groups stay whole.

    Where there are groups, validation images are held out here too, with `validation_share`; a run without groups holds
    them out itself. None: no validation images are wanted. Raises `DataError`.
    """
    pairs = dataset.test
    groups = groups_of(pairs, choice) or usual_groups
    if choice.split_file is not None:
        split_of = read_splits(choice.split_file, [pair.image_id for pair in pairs])
        train, validation, test = (_in_split(pairs, split_of, name) for name in ("train", "validation", "test"))
        if not test:
            raise DataError(f"{choice.split_file} names no test images", hint="The split of some must be test.")
    else:
        train, test = _held_out(pairs, choice.test_share or usual_test_share, groups)
        validation = ()
    split = replace(dataset, train=train, validation=validation, test=test)
    return grouped(split, groups, validation_share=validation_share)


def grouped(dataset: Dataset, groups: Groups | None, *, validation_share: float | None) -> Dataset:
    """With whole groups held out for validation, where there are groups and no validation images yet.

    Raises `DataError` where a group has images in two splits.
    """
    if groups is None:
        return dataset
    _require_whole(dataset, groups)
    dataset = replace(dataset, is_grouped=True)
    if dataset.validation or not dataset.train or validation_share is None:
        return dataset
    train, validation = _held_out(dataset.train, validation_share, groups)
    return replace(dataset, train=train, validation=validation, chosen_validation=True)


def groups_of(pairs: tuple[Pair, ...], choice: SplitChoice) -> Groups | None:
    """What `--group-by` says; None without it. Raises `ConfigError` or `DataError`."""
    if not choice.group_by:
        return None
    file, _, column = choice.group_by.rpartition(":")
    table = Path(file) if file else choice.split_file
    if table is None or not column:
        raise ConfigError(
            f"--group-by {choice.group_by}: in which table is that column?",
            hint="Write --group-by CSV:COLUMN, for example --group-by lesions.csv:patient_id",
        )
    return read_column(table, column, [pair.image_id for pair in pairs])


def _held_out(
    pairs: tuple[Pair, ...], share: float, groups: Groups | None
) -> tuple[tuple[Pair, ...], tuple[Pair, ...]]:
    if share == 1:
        return (), pairs
    kept, held = hold_out([pair.image_id for pair in pairs], share=share, seed=SPLIT_SEED, groups=groups)
    return tuple(pairs[place] for place in kept), tuple(pairs[place] for place in held)


def _in_split(pairs: tuple[Pair, ...], split_of: Mapping[str, str], name: str) -> tuple[Pair, ...]:
    return tuple(pair for pair in pairs if split_of[pair.image_id] == name)


def _require_whole(dataset: Dataset, groups: Groups) -> None:
    seen: dict[str, str] = {}
    torn: dict[str, str] = {}
    for split, pairs in dataset.splits:
        for pair in pairs:
            group = groups[pair.image_id]
            if seen.setdefault(group, split) != split:
                torn[group] = f"{group} ({seen[group]} and {split})"
    if torn:
        raise DataError(
            f"{len(torn)} groups have images in two splits: {some_of(list(torn.values()), NAMED)}",
            hint="Split by patient or lesion, or leave --group-by away.",
        )
