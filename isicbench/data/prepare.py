"""Decode a dataset once into memory-mapped arrays of one size."""

import json
import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from isicbench.data.dataset import Dataset, Pair
from isicbench.data.fingerprint import fingerprint as fingerprint_of
from isicbench.data.packed_masks import PackedMasks, PackedMaskWriter
from isicbench.data.prepared_chunks import PreparedChunks
from isicbench.data.progress import Progress, silent
from isicbench.data.verify import Fault, SizedPair, id_faults, list_faults, verify
from isicbench.data.whole_folder import whole_folder
from isicbench.errors import DataError
from isicbench.home import home

PREPROCESSING_VERSION = 2
"""To be raised whenever the same files would give other arrays."""

FINGERPRINT_FILE = "fingerprint.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedSplit:
    """Arrays in the order of `image_ids`, read-only."""

    image_ids: tuple[str, ...]
    images: NDArray[np.uint8]
    """(N, size_px, size_px, 3) RGB."""
    masks: NDArray[np.uint8]
    """(N, size_px, size_px), 0 or 1."""
    original_sizes: NDArray[np.int32]
    """(N, 2) width and height of the files."""
    original_masks: PackedMasks
    """The masks at the files' own size: `original_masks.read(i)` is `(H, W)` bool."""
    original_shares: NDArray[np.float64]
    """(N,): foreground's share of the files' own pixels."""

    def part(self, index: NDArray[np.int64]) -> "PreparedSplit":
        """Only the images at the positions `index`."""
        return PreparedSplit(
            image_ids=tuple(self.image_ids[i] for i in index),
            images=self.images[index],
            masks=self.masks[index],
            original_sizes=self.original_sizes[index],
            original_masks=self.original_masks.part(index),
            original_shares=self.original_shares[index],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    train: PreparedSplit
    test: PreparedSplit
    fingerprint: str
    size_px: int
    validation: PreparedSplit | None = None
    """Where the dataset brings one; else a run holds some of `train` out."""

    @property
    def splits(self) -> dict[str, PreparedSplit]:
        """By name."""
        validation = {} if self.validation is None else {"validation": self.validation}
        return {"train": self.train, **validation, "test": self.test}


def prepare(dataset: Dataset, *, size_px: int, progress: Progress = silent) -> Prepared:
    """The dataset's arrays at `size_px` x `size_px`, decoded on the first call and mapped from disk afterwards.

    Two processes may call it at once, and a call that was killed is taken up by the next. Raises `DataError` that
    lists every unsound file.
    """
    _require_sound_ids(dataset, progress)
    digest = fingerprint_of(dataset, progress=progress)
    folder = prepared_folder(digest, size_px)
    was_there = folder.exists()
    prepared = _open(folder, digest, size_px)
    if prepared is None:
        if was_there:
            # Folders appear complete, so this one is damaged; one that appears from now on is another process's.
            shutil.rmtree(folder, ignore_errors=True)
        chunks = PreparedChunks.beside(folder, size_px=size_px)
        with whole_folder(folder) as partial_folder:
            _write(partial_folder, dataset, digest, chunks, progress)
            chunks.remove()
            _require_unchanged(dataset, digest)
        prepared = _open(folder, digest, size_px)
    if prepared is None:
        raise DataError(f"{folder} cannot be read back", hint="Check free space, remove that folder and try again.")
    return prepared


def load_prepared(fingerprint: str, *, size_px: int) -> Prepared:
    """The arrays that `prepare` made on this machine. Raises `DataError` where they are not there."""
    prepared = _open(prepared_folder(fingerprint, size_px), fingerprint, size_px)
    if prepared is None:
        raise DataError(
            f"no arrays of {size_px} px are prepared for the dataset with fingerprint {fingerprint[:16]}",
            hint=f"Prepare them: isicbench data prepare --size {size_px}",
        )
    return prepared


def _require_unchanged(dataset: Dataset, digest: str) -> None:
    """The arrays are named after the bytes that were hashed; they must be those that were decoded."""
    if fingerprint_of(dataset) != digest:
        raise DataError(
            f"{dataset.root} changed while it was read", hint="Let whatever writes there finish, and try again."
        )


def prepared_folder(fingerprint: str, size_px: int) -> Path:
    """Where a dataset's arrays of one size lie on this machine, there or not."""
    return home() / "prepared" / f"{fingerprint[:16]}-{size_px}-v{PREPROCESSING_VERSION}"


def _require_sound_ids(dataset: Dataset, progress: Progress) -> None:
    """Missing files and double ids first: without them there is no fingerprint to look up."""
    files = (path for _, pairs in dataset.splits for pair in pairs for path in (pair.image, pair.mask))
    if id_faults(dataset) or not all(path.is_file() for path in files):
        raise _unsound(dataset, verify(dataset, progress=progress))


def _unsound(dataset: Dataset, faults: list[Fault]) -> DataError:
    count = f"{len(faults)} fault{'s' if len(faults) != 1 else ''}"
    return DataError(
        f"{dataset.root}: {count} in the {dataset.name} dataset\n{list_faults(faults)}",
        hint=f"Repair or remove these files. To check again: isicbench data verify {_options(dataset)}",
    )


def _options(dataset: Dataset) -> str:
    return f"--dataset {dataset.name} --data-dir {dataset.root}"


def _write(folder: Path, dataset: Dataset, digest: str, chunks: PreparedChunks, progress: Progress) -> None:
    total = sum(len(pairs) for _, pairs in dataset.splits)
    faults: list[Fault] = []
    done = 0
    for split, pairs in dataset.splits:
        with ExitStack() as files:
            writer = _SplitWriter.open(folder, split, count=len(pairs), size_px=chunks.size_px, files=files)
            for result in chunks.results(split, pairs):
                done += 1
                progress("prepare", done, total)
                if isinstance(result, SizedPair):
                    writer.add(result)
                else:
                    faults += result
            writer.finish(pairs)
    if faults:
        raise _unsound(dataset, faults)
    (folder / FINGERPRINT_FILE).write_text(digest)


@dataclass(frozen=True, slots=True)
class _SplitWriter:
    """Writes a split's `.npy` files row by row: on a full disk a writable map would kill the process."""

    folder: Path
    split: str
    images: BinaryIO
    masks: BinaryIO
    original_masks: PackedMaskWriter
    sizes: list[tuple[int, int]]
    shares: list[float]

    @classmethod
    def open(cls, folder: Path, split: str, *, count: int, size_px: int, files: ExitStack) -> "_SplitWriter":
        images = files.enter_context((folder / f"{split}_images.npy").open("wb"))
        masks = files.enter_context((folder / f"{split}_masks.npy").open("wb"))
        _write_header(images, (count, size_px, size_px, 3))
        _write_header(masks, (count, size_px, size_px))
        originals = PackedMaskWriter(files.enter_context((folder / f"{split}_original_masks.bin").open("wb")))
        return cls(folder, split, images, masks, originals, [], [])

    def add(self, pair: SizedPair) -> None:
        self.images.write(pair.image.pixels.tobytes())
        self.masks.write(pair.mask.pixels.tobytes())
        self.original_masks.add(pair.mask.packed)
        self.sizes.append(pair.image.original_size)
        self.shares.append(pair.mask.original_share)

    def finish(self, pairs: Sequence[Pair]) -> None:
        np.save(self.folder / f"{self.split}_sizes.npy", np.array(self.sizes, np.int32).reshape(-1, 2))
        np.save(self.folder / f"{self.split}_original_shares.npy", np.array(self.shares, np.float64))
        self.original_masks.save_offsets(self.folder / f"{self.split}_original_offsets.npy")
        (self.folder / f"{self.split}_ids.json").write_text(json.dumps([pair.image_id for pair in pairs]))


def _write_header(file: BinaryIO, shape: tuple[int, ...]) -> None:
    header = {"descr": np.lib.format.dtype_to_descr(np.dtype(np.uint8)), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)


def _open(folder: Path, digest: str, size_px: int) -> Prepared | None:
    """What `folder` holds; None where it is absent or damaged."""
    try:
        if (folder / FINGERPRINT_FILE).read_text() != digest:
            return None
        train, test = (_open_split(folder, split, size_px) for split in ("train", "test"))
        has_validation = (folder / "validation_ids.json").exists()
        validation = _open_split(folder, "validation", size_px) if has_validation else None
    except (OSError, ValueError, EOFError):
        return None
    return Prepared(train=train, test=test, fingerprint=digest, size_px=size_px, validation=validation)


def _open_split(folder: Path, split: str, size_px: int) -> PreparedSplit:
    ids = tuple(json.loads((folder / f"{split}_ids.json").read_text()))
    images = np.load(folder / f"{split}_images.npy", mmap_mode="r")
    masks = np.load(folder / f"{split}_masks.npy", mmap_mode="r")
    sizes, shares = (np.load(folder / f"{split}_{name}.npy") for name in ("sizes", "original_shares"))
    sizes.flags.writeable = False
    expected = (len(ids), size_px, size_px)
    if (
        images.shape != (*expected, 3)
        or masks.shape != expected
        or sizes.shape != (len(ids), 2)
        or len(shares) != len(ids)
    ):
        raise ValueError("the arrays' shapes disagree")
    offsets = folder / f"{split}_original_offsets.npy"
    original_masks = PackedMasks.open(folder / f"{split}_original_masks.bin", offsets, sizes=sizes)
    return PreparedSplit(
        image_ids=ids,
        images=images,
        masks=masks,
        original_sizes=sizes,
        original_masks=original_masks,
        original_shares=shares,
    )
