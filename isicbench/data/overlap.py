"""Images that two datasets share, split by split."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from isicbench.data.duplicates import Duplicate, duplicates_between
from isicbench.data.image_traits import ImageTraits, read_traits
from isicbench.data.other_datasets import Known, OtherDataset, copies_by_hashes, known_images, recorded_images
from isicbench.data.progress import Progress, silent


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedSplit:
    """How many images of a split of the first dataset are in a split of the second one."""

    split: str
    other_split: str
    count: int
    total: int
    """Images of the first dataset's split."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    name: str
    other_name: str
    image_count: int
    other_image_count: int
    by_hashes: bool
    """Whether one of them is only on record: flipped or turned copies are not found then."""
    shared: tuple[SharedSplit, ...]
    """Pairs of splits with images in common."""
    duplicates: tuple[Duplicate, ...]


def find_overlap(one: OtherDataset, two: OtherDataset, *, progress: Progress = silent) -> Overlap:
    """Compare all images of two datasets, by their pictures where the files of both are there, else by ids and hashes.

    Raises `DataError` for files that vanish meanwhile.
    """
    traits = _traits(one, "", progress)
    other_traits = _traits(two, two.name, progress)
    images, others = _known(one, traits, ""), _known(two, other_traits, two.name)
    if traits is not None and other_traits is not None:
        found = duplicates_between(traits, other_traits)
    else:
        found = copies_by_hashes(images, others)
    return Overlap(
        name=one.name,
        other_name=two.name,
        image_count=len(images),
        other_image_count=len(others),
        by_hashes=traits is None or other_traits is None,
        shared=tuple(_shared(images, found)),
        duplicates=tuple(found),
    )


def _traits(dataset: OtherDataset, label: str, progress: Progress) -> list[ImageTraits] | None:
    if dataset.dataset is None:
        return None
    return read_traits(dataset.dataset, label=label, masks=False, progress=progress)


def _known(dataset: OtherDataset, traits: list[ImageTraits] | None, label: str) -> list[Known]:
    return recorded_images(dataset, label=label) if traits is None else known_images(traits)


def _shared(images: Sequence[Known], found: Sequence[Duplicate]) -> list[SharedSplit]:
    in_common: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for duplicate in found:
        in_common[duplicate.image.split, duplicate.other.split].add(duplicate.image.image_id)
    totals: defaultdict[str, int] = defaultdict(int)
    for image, _ in images:
        totals[image.split] += 1
    return [
        SharedSplit(split=split, other_split=other, count=len(ids), total=totals[split])
        for (split, other), ids in sorted(in_common.items())
    ]
