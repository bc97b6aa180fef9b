"""An audit of a dataset: copies, leaks between its splits, masks and images that deserve a look, areas and sizes."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from isicbench.data.dataset import Dataset
from isicbench.data.duplicates import Duplicate, duplicates_between, duplicates_within
from isicbench.data.gallery import SizeCount
from isicbench.data.image_traits import ImagePlace, ImageTraits, read_traits
from isicbench.data.mask_faults import MaskFigures, mask_faults
from isicbench.data.other_datasets import OtherDataset, copies_by_hashes, known_images, recorded_images
from isicbench.data.perceptual_hash import ORIENTATIONS
from isicbench.data.progress import Progress, silent

AREA_QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
AREA_BINS = 20

Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`error`: a copy of a training image in the test set, or a mask that is wrong for certain. `kind` is for scripts:
    what a duplicate is the same in, the kind of a mask's fault, `constant_image` or `unreadable`."""

    level: Level
    kind: str
    message: str
    image: ImagePlace
    duplicate: Duplicate | None = None

    @property
    def other_dataset(self) -> str:
        """Where the other one lies; empty for the audited dataset itself, and where there is no other one."""
        return self.duplicate.other.dataset if self.duplicate else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaDistribution:
    """Shares of the image that the lesions of a split cover."""

    split: str
    count: int
    mean: float
    quantiles: tuple[float, ...]
    """At `AREA_QUANTILES`."""
    histogram: tuple[int, ...]
    """Lesions in `AREA_BINS` equal bins from 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """Findings in order: errors first, those within the dataset first, then by kind and id."""

    findings: tuple[Finding, ...]
    sizes: tuple[SizeCount, ...]
    areas: tuple[AreaDistribution, ...]
    compared: tuple[tuple[str, int], ...]
    """Name and image count of each other dataset."""

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.level == "error")


def audit(dataset: Dataset, *, against: Sequence[OtherDataset] = (), progress: Progress = silent) -> Audit:
    """Read every file once and compare all images with each other and with those of the `against` datasets.

    An unreadable file is a finding. Raises `DataError` for files that vanish meanwhile.
    """
    traits = read_traits(dataset, progress=progress)
    findings = [*_image_findings(traits), *map(_copy_finding, duplicates_within(traits))]
    compared = []
    for other in against:
        duplicates, count = _compare(traits, other, progress)
        findings += map(_copy_finding, duplicates)
        compared.append((other.name, count))
    return Audit(
        findings=tuple(sorted(findings, key=_rank)),
        sizes=tuple(_sizes(traits)),
        areas=tuple(_areas(traits)),
        compared=tuple(compared),
    )


def is_suspicious_mask(finding: Finding) -> bool:
    """Whether the finding is about a mask's content."""
    return finding.kind.endswith("_mask")


def _rank(finding: Finding) -> tuple[str, str, str, str]:
    return finding.level, finding.other_dataset, finding.kind, finding.image.image_id


def _compare(traits: list[ImageTraits], other: OtherDataset, progress: Progress) -> tuple[list[Duplicate], int]:
    if other.dataset is None:
        copies = copies_by_hashes(known_images(traits), recorded_images(other, label=other.name))
        return copies, len(other.images)
    theirs = read_traits(other.dataset, label=other.name, masks=False, progress=progress)
    return duplicates_between(traits, theirs), len(theirs)


def _copy_finding(duplicate: Duplicate) -> Finding:
    leaks = not duplicate.other.dataset and duplicate.image.split != duplicate.other.split
    return Finding(
        level="error" if leaks else "warning",
        kind=duplicate.same,
        message=f"{'leak: ' if leaks else ''}{sameness(duplicate)}",
        image=duplicate.image,
        duplicate=duplicate,
    )


def sameness(duplicate: Duplicate) -> str:
    """As what other image, and how far alike."""
    other = str(duplicate.other)
    if duplicate.same == "near":
        figures = [f"{duplicate.distance} of 64 bits apart"]
        if duplicate.likeness is not None:
            figures.append(f"likeness {duplicate.likeness:.2f}")
        if duplicate.orientation:
            figures.append(ORIENTATIONS[duplicate.orientation])
        return f"nearly the picture of {other}: {', '.join(figures)}"
    return {"bytes": "same bytes as", "pixels": "same pixels as", "id": "same id as"}[duplicate.same] + f" {other}"


def _image_findings(traits: Sequence[ImageTraits]) -> Iterator[Finding]:
    for image in traits:
        for problem in image.problems:
            yield Finding(level="error", kind="unreadable", message=problem, image=image.place)
        if image.is_flat:
            yield Finding(
                level="warning", kind="constant_image", message="its image is (nearly) constant", image=image.place
            )
        for fault in mask_faults(image.mask) if image.mask else ():
            level: Level = "error" if fault.unsound else "warning"
            yield Finding(level=level, kind=fault.kind, message=fault.message, image=image.place)


def _sizes(traits: Sequence[ImageTraits]) -> Iterator[SizeCount]:
    for split in dict.fromkeys(image.place.split for image in traits):
        counts = Counter(image.size for image in traits if image.size and image.place.split == split)
        for (width, height), count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            yield SizeCount(split=split, width=width, height=height, count=count)


def _areas(traits: Sequence[ImageTraits]) -> Iterator[AreaDistribution]:
    for split in dict.fromkeys(image.place.split for image in traits):
        masks: list[MaskFigures] = [image.mask for image in traits if image.mask and image.place.split == split]
        if masks:
            shares = np.array([mask.area for mask in masks])
            yield AreaDistribution(
                split=split,
                count=len(masks),
                mean=float(shares.mean()),
                quantiles=tuple(float(value) for value in np.quantile(shares, AREA_QUANTILES)),
                histogram=tuple(int(n) for n in np.histogram(shares, AREA_BINS, (0, 1))[0]),
            )
