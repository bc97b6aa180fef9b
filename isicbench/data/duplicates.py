"""Images that are there twice: equal files, equal pixels, equal pictures, equal ids."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from isicbench.data.image_traits import ImagePlace, ImageTraits
from isicbench.data.images import ImageFileError, read_full_image
from isicbench.data.likeness import SAME_LIKENESS, likeness
from isicbench.data.perceptual_hash import CANDIDATE_DISTANCE, close_hashes, hash_bits
from isicbench.data.threads import map_in_order

SameAs = Literal["bytes", "pixels", "near", "id"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """Two images that are the same, and by what: `bytes`, decoded `pixels`, `near`ly the same picture, or the `id`."""

    image: ImagePlace
    other: ImagePlace
    same: SameAs
    distance: int | None = None
    """Bits in which the perceptual hashes differ."""
    likeness: float | None = None
    """Correlation of the fine structure, from -1 to 1."""
    orientation: int = 0
    """Into which of the `ORIENTATIONS` the later one is turned to match."""


def duplicates_within(traits: Sequence[ImageTraits]) -> list[Duplicate]:
    """Of images in one dataset: each copy beside the first image that it is a copy of."""
    firsts: dict[str, ImageTraits] = {}
    found = [*_same_ids(traits)]
    for image in traits:
        first = firsts.setdefault(image.sha256 or str(id(image)), image)
        if first is not image:
            found.append(Duplicate(image=image.place, other=first.place, same="bytes", distance=0, likeness=1))
    distinct = list(firsts.values())
    near = [(first, later, match) for first, later, match in _near(distinct, distinct) if first < later]
    found += _with_equal_pixels(_best(distinct, distinct, near, image_is_right=True))
    return found


def duplicates_between(traits: Sequence[ImageTraits], others: Sequence[ImageTraits]) -> list[Duplicate]:
    """Images that are in another dataset as well: one entry a pair, for the strongest reason."""
    by_bytes = {other.sha256: other for other in others if other.sha256}
    found: list[Duplicate] = []
    rest: list[ImageTraits] = []
    for image in traits:
        if other := by_bytes.get(image.sha256):
            found.append(Duplicate(image=image.place, other=other.place, same="bytes", distance=0, likeness=1))
        else:
            rest.append(image)
    found += _with_equal_pixels(_best(rest, others, _near(rest, others), image_is_right=False))
    paired = {(duplicate.image.image_id, duplicate.other.image_id) for duplicate in found}
    by_id = {other.place.image_id: other.place for other in others}
    for image in traits:
        name = image.place.image_id
        if name in by_id and (name, name) not in paired:
            found.append(Duplicate(image=image.place, other=by_id[name], same="id"))
    return found


Match = tuple[int, int]
"""Orientation and distance."""


def _near(left: Sequence[ImageTraits], right: Sequence[ImageTraits]) -> Iterator[tuple[int, int, Match]]:
    """Positions of images whose hashes are close; (nearly) constant ones have none."""
    rows = [i for i, traits in enumerate(left) if traits.hashes[0]]
    columns = [i for i, traits in enumerate(right) if all(traits.hashes)]
    if not rows or not columns:
        return
    upright = hash_bits([left[i].hashes[0] for i in rows])
    oriented = np.array([hash_bits(right[i].hashes) for i in columns])
    for row, column, orientation, distance in close_hashes(upright, oriented, distance=CANDIDATE_DISTANCE):
        yield rows[row], columns[column], (orientation, distance)


def _best(
    left: Sequence[ImageTraits],
    right: Sequence[ImageTraits],
    near: Iterator[tuple[int, int, Match]] | Sequence[tuple[int, int, Match]],
    *,
    image_is_right: bool,
) -> list[Duplicate]:
    """The candidates that agree in fine structure, each in the orientation in which they agree most."""
    best: dict[tuple[int, int], Duplicate] = {}
    for row, column, (orientation, distance) in near:
        one, two = left[row], right[column]
        if one.fine is None or two.fine is None:
            continue
        agreement = likeness(one.fine, two.fine, orientation=orientation)
        known = best.get((row, column))
        if agreement < SAME_LIKENESS or (known and known.likeness is not None and known.likeness >= agreement):
            continue
        image, other = (two, one) if image_is_right else (one, two)
        best[row, column] = Duplicate(
            image=image.place,
            other=other.place,
            same="near",
            distance=distance,
            likeness=agreement,
            orientation=orientation,
        )
    return list(best.values())


def _same_ids(traits: Sequence[ImageTraits]) -> Iterator[Duplicate]:
    first: dict[str, ImagePlace] = {}
    for image in traits:
        other = first.setdefault(image.place.image_id, image.place)
        if other is not image.place:
            yield Duplicate(image=image.place, other=other, same="id")


def _with_equal_pixels(duplicates: Sequence[Duplicate]) -> list[Duplicate]:
    equal = map_in_order(_has_equal_pixels, duplicates)
    return [replace(found, same="pixels") if same else found for found, same in zip(duplicates, equal, strict=True)]


def _has_equal_pixels(duplicate: Duplicate) -> bool:
    one, two = duplicate.image.pair, duplicate.other.pair
    if one is None or two is None or duplicate.orientation:
        return False
    try:
        return np.array_equal(read_full_image(one.image), read_full_image(two.image))
    except ImageFileError:
        # Its small version was decoded; a fault of the rest is named by `verify`.
        return False
