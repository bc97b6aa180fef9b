"""Inspection of a dataset's files. `prepare` reads through the same `read_pair`, so both find the same faults."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from isicbench.data.dataset import Dataset, Pair
from isicbench.data.fingerprint import file_hashes
from isicbench.data.images import ImageFileError, SizedImage, SizedMask, read_image, read_mask, read_size
from isicbench.data.progress import Progress, silent
from isicbench.data.threads import map_in_order

INSPECTION_SIZE_PX = 64
"""Every byte is decoded at any size; a small one is the fastest."""

FAULTS_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One file and what is wrong with it."""

    file: Path
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SizedPair:
    image: SizedImage
    mask: SizedMask


def verify(dataset: Dataset, *, progress: Progress = silent) -> list[Fault]:
    """Every fault of every file: missing, unreadable, truncated, of differing size, not two-valued, there twice.

    Byte-identical images are named as well; `prepare` accepts them.
    """
    pairs = [pair for _, split in dataset.splits for pair in split]
    faults = id_faults(dataset)
    results = map_in_order(partial(read_pair, size_px=INSPECTION_SIZE_PX), pairs)
    for done, result in enumerate(results, start=1):
        if not isinstance(result, SizedPair):
            faults += result
        progress("verify", done, len(pairs))
    return faults + _copy_faults(dataset)


def read_pair(pair: Pair, *, size_px: int) -> SizedPair | list[Fault]:
    """Image and mask at `size_px`, or what is wrong with them."""
    faults: list[Fault] = []
    mask_size = None
    try:
        mask_size = read_size(pair.mask)
        mask = read_mask(pair.mask, size_px)
    except ImageFileError as error:
        faults.append(Fault(file=pair.mask, problem=f"mask {error}"))
    try:
        image = read_image(pair.image, size_px, mask_size=mask_size)
        if mask_size and image.original_size != mask_size:
            faults.append(Fault(file=pair.mask, problem=_size_problem(mask_size, image.original_size)))
    except ImageFileError as error:
        faults.append(Fault(file=pair.image, problem=f"image {error}"))
    return faults or SizedPair(image=image, mask=mask)


def id_faults(dataset: Dataset) -> list[Fault]:
    """An id that occurs more than once, be it in one split or in both, makes scores by id meaningless."""
    seen: dict[str, tuple[str, Path]] = {}
    faults = []
    for split, pairs in dataset.splits:
        for pair in pairs:
            first = seen.setdefault(pair.image_id, (split, pair.image))
            if first != (split, pair.image):
                faults.append(
                    Fault(file=pair.image, problem=f"id {pair.image_id} is there twice: {first[1]} ({first[0]})")
                )
    return faults


def list_faults(faults: list[Fault], *, shown: int = FAULTS_SHOWN) -> str:
    """One line a fault, the first ones in full, then a count."""
    lines = [f"  {fault.file}: {fault.problem}" for fault in faults[:shown]]
    if len(faults) > shown:
        lines.append(f"  and {len(faults) - shown} more")
    return "\n".join(lines)


def _size_problem(mask_size: tuple[int, int], image_size: tuple[int, int]) -> str:
    return f"mask is {mask_size[0]}x{mask_size[1]}, its image {image_size[0]}x{image_size[1]}"


def _copy_faults(dataset: Dataset) -> list[Fault]:
    images = [(split, pair.image) for split, pairs in dataset.splits for pair in pairs if pair.image.is_file()]
    hashes = file_hashes(dataset.root, [path for _, path in images])
    common = {digest for digest, count in Counter(hashes.values()).items() if count > 1}
    return list(_name_copies([(split, path, hashes[path]) for split, path in images if hashes[path] in common]))


def _name_copies(copies: list[tuple[str, Path, str]]) -> Iterator[Fault]:
    first: dict[str, tuple[str, Path]] = {}
    for split, path, digest in copies:
        first_split, first_path = first.setdefault(digest, (split, path))
        if path != first_path:
            yield Fault(file=path, problem=f"same bytes as {first_path} ({first_split})")
