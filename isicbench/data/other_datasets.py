"""Datasets to compare images with: their files, or what a database has on record of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from isicbench.data.contamination import seen_images
from isicbench.data.dataset import Dataset
from isicbench.data.duplicates import Duplicate
from isicbench.data.image_traits import ImagePlace, ImageTraits
from isicbench.records import DatasetImage


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherDataset:
    """A dataset to compare with: its files, or what a database has on record of its images."""

    name: str
    dataset: Dataset | None = None
    images: tuple[DatasetImage, ...] = ()


Known = tuple[DatasetImage, ImagePlace]
"""An image by what identifies it, and where it stands."""


def known_images(traits: Iterable[ImageTraits]) -> list[Known]:
    """Of images whose files were read."""
    return [
        (
            DatasetImage(
                image_id=one.place.image_id,
                split=one.place.split,
                image_sha256=one.sha256,
                perceptual_hash=one.hashes[0],
            ),
            one.place,
        )
        for one in traits
    ]


def recorded_images(other: OtherDataset, *, label: str) -> list[Known]:
    """Of images that are only on record."""
    return [(image, ImagePlace(image_id=image.image_id, split=image.split, dataset=label)) for image in other.images]


def copies_by_hashes(images: Sequence[Known], others: Sequence[Known]) -> list[Duplicate]:
    """Images that are among the others too, by ids and hashes alone: one entry an image, for the strongest reason."""
    place_of = {(image.split, image.image_id): place for image, place in images}
    other_of = {(image.split, image.image_id): place for image, place in others}
    return [
        Duplicate(
            image=place_of[seen.image.split, seen.image.image_id],
            other=other_of[seen.trained.split, seen.trained.image_id],
            same=seen.reason,
            distance=seen.distance,
        )
        for seen in seen_images([image for image, _ in others], [image for image, _ in images])
    ]
