"""What an audit keeps of each pair of files, so that all of them can be compared without being held in memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from isicbench.data.dataset import Dataset, Pair
from isicbench.data.fingerprint import Hashes, file_hashes
from isicbench.data.images import ImageFileError, Size, read_image, read_mask_levels
from isicbench.data.likeness import fine_structure
from isicbench.data.mask_faults import MaskFigures, measure_mask
from isicbench.data.perceptual_hash import ORIENTATIONS, oriented_hashes
from isicbench.data.progress import Progress
from isicbench.data.threads import map_in_order

DECODED_PX = 128
NO_HASHES = ("",) * len(ORIENTATIONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePlace:
    """Where an image stands; `dataset` is empty for the audited one, `pair` None where only its record is known."""

    image_id: str
    split: str
    dataset: str = ""
    pair: Pair | None = None

    def __str__(self) -> str:
        return f"{self.image_id} ({self.dataset + ', ' if self.dataset else ''}{self.split})"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageTraits:
    """An image with its mask, by what an audit compares; fields of an unreadable file are empty."""

    place: ImagePlace
    sha256: str
    size: Size | None = None
    hashes: tuple[str, ...] = NO_HASHES
    """In each of the `ORIENTATIONS`; empty texts for a (nearly) constant image."""
    fine: NDArray[np.float16] | None = None
    """As `isicbench.data.likeness.fine_structure` gives it."""
    mask: MaskFigures | None = None
    problems: tuple[str, ...] = ()
    """Why a file could not be read."""

    @property
    def is_flat(self) -> bool:
        """Whether the image was decoded and is (nearly) constant."""
        return self.fine is not None and not self.hashes[0]


def read_traits(dataset: Dataset, *, label: str = "", masks: bool = True, progress: Progress) -> list[ImageTraits]:
    """Each pair's traits, in the order of splits and ids; `label` names a dataset that is not the audited one."""
    pairs = [(split, pair) for split, pairs in dataset.splits for pair in pairs]
    present = [pair.image for _, pair in pairs if pair.image.is_file()]
    hashes = file_hashes(dataset.root, present, progress=progress)
    places = [ImagePlace(image_id=pair.image_id, split=split, dataset=label, pair=pair) for split, pair in pairs]
    return list(_reported(places, hashes, masks=masks, what=f"audit {label}".strip(), progress=progress))


def _reported(
    places: list[ImagePlace], hashes: Hashes, *, masks: bool, what: str, progress: Progress
) -> Iterator[ImageTraits]:
    read = partial(_read, hashes=hashes, masks=masks)
    for done, traits in enumerate(map_in_order(read, places), start=1):
        progress(what, done, len(places))
        yield traits


def _read(place: ImagePlace, *, hashes: Hashes, masks: bool) -> ImageTraits:
    assert place.pair is not None
    problems: list[str] = []
    mask: MaskFigures | None = None
    if masks:
        try:
            mask = measure_mask(*read_mask_levels(place.pair.mask))
        except ImageFileError as error:
            problems.append(f"its mask: {error}")
    digest = hashes.get(place.pair.image, "")
    try:
        image = read_image(place.pair.image, DECODED_PX)
    except ImageFileError as error:
        problems.append(f"its image: {error}")
        return ImageTraits(place=place, sha256=digest, mask=mask, problems=tuple(problems))
    return ImageTraits(
        place=place,
        sha256=digest,
        size=image.original_size,
        hashes=oriented_hashes(image.pixels),
        fine=fine_structure(image.pixels),
        mask=mask,
        problems=tuple(problems),
    )
