"""Which of the images that a run is scored on it was trained on."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from isicbench.config import Config
from isicbench.data.perceptual_hash import CERTAIN_DISTANCE, close_hashes, hamming_distances, hash_bits
from isicbench.data.splits import TrainingParts, split_training
from isicbench.records import DatasetImage

Reason = Literal["bytes", "id", "near"]

ARCHIVE_ID = re.compile(r"ISIC_\d{7}")
SAME_ID_DISTANCE = 16
"""Bits beyond which two images are different ones in spite of one id, as in two synthetic folders: half of all pairs of
different images differ by 30 bits or more, 1 % by 16 or fewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenImage:
    """An image that was trained on, as which one, and what says so.

    `bytes`: equal files; `id`: one ISIC id, and hashes that do not contradict; `near`: nearly equal hashes.
    """

    image: DatasetImage
    trained: DatasetImage
    reason: Reason
    distance: int | None
    """Bits in which the perceptual hashes differ; None where one of them is not known."""


def seen_images(trained: Sequence[DatasetImage], evaluated: Sequence[DatasetImage]) -> list[SeenImage]:
    """The evaluated images that were trained on, once each in their order, for the strongest reason.

    Flipped or turned copies are not among them: of an image only its upright hash is on record. `isicbench data
    audit` finds those.
    """
    by_bytes = {image.image_sha256: image for image in trained if image.image_sha256}
    by_id = {image.image_id: image for image in trained if ARCHIVE_ID.fullmatch(image.image_id)}
    near = _nearest(trained, evaluated)
    seen = []
    for image in evaluated:
        if other := by_bytes.get(image.image_sha256):
            seen.append(_seen(image, other, "bytes"))
        elif (other := by_id.get(image.image_id)) and not _contradict(image, other):
            seen.append(_seen(image, other, "id"))
        elif other := near.get(image.perceptual_hash):
            seen.append(_seen(image, other, "near"))
    return seen


def count_seen(trained: Sequence[DatasetImage], evaluated: Sequence[DatasetImage]) -> int | None:
    """How many evaluated images were trained on; None where the images of either side are not on record."""
    return len(seen_images(trained, evaluated)) if trained and evaluated else None


def trained_images(images: Sequence[DatasetImage], config: Config) -> list[DatasetImage]:
    """Of a dataset's images those that a run with this config trains on: `train` without what it holds out."""
    train = _of_split(images, "train")
    return train if len(train) < 2 else [train[index] for index in _parts(images, train, config).train]


def scored_images(images: Sequence[DatasetImage], config: Config) -> list[DatasetImage]:
    """Of a dataset's images those that a run with this config is scored on at its end."""
    if not config.folds:
        return _of_split(images, "test")
    train = _of_split(images, "train")
    return [train[index] for index in _parts(images, train, config).fold]


def validation_images(images: Sequence[DatasetImage], config: Config) -> list[DatasetImage]:
    """Of a dataset's images those that a run with this config validates on."""
    if config.validate_on == "test":
        return _of_split(images, "test")
    if brought := _of_split(images, "validation"):
        return brought
    train = _of_split(images, "train")
    return [] if len(train) < 2 else [train[index] for index in _parts(images, train, config).validation]


def _parts(images: Sequence[DatasetImage], train: Sequence[DatasetImage], config: Config) -> TrainingParts:
    brings_validation = any(image.split == "validation" for image in images)
    return split_training([image.image_id for image in train], config, brings_validation=brings_validation)


def _of_split(images: Sequence[DatasetImage], split: str) -> list[DatasetImage]:
    return [image for image in images if image.split == split]


def _nearest(trained: Sequence[DatasetImage], evaluated: Sequence[DatasetImage]) -> dict[str, DatasetImage]:
    """By an evaluated image's hash, the closest image that was trained on, where one is close enough."""
    hashes = sorted({image.perceptual_hash for image in evaluated if image.perceptual_hash})
    known = [image for image in trained if image.perceptual_hash]
    right = hash_bits([image.perceptual_hash for image in known])[:, None]
    found: dict[str, tuple[int, DatasetImage]] = {}
    for row, column, _, distance in close_hashes(hash_bits(hashes), right, distance=CERTAIN_DISTANCE):
        if hashes[row] not in found or distance < found[hashes[row]][0]:
            found[hashes[row]] = (distance, known[column])
    return {text: image for text, (_, image) in found.items()}


def _contradict(left: DatasetImage, right: DatasetImage) -> bool:
    distance = _distance(left, right)
    return distance is not None and distance > SAME_ID_DISTANCE


def _distance(left: DatasetImage, right: DatasetImage) -> int | None:
    if not left.perceptual_hash or not right.perceptual_hash:
        return None
    bits = hash_bits([left.perceptual_hash, right.perceptual_hash])
    return int(hamming_distances(bits[:1], bits[1:])[0])


def _seen(image: DatasetImage, other: DatasetImage, reason: Reason) -> SeenImage:
    return SeenImage(image=image, trained=other, reason=reason, distance=_distance(image, other))
