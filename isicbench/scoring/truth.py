"""The true masks that another tool's are scored against, and which dataset they are."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from isicbench.data.catalog import open_folder
from isicbench.data.dataset import Dataset
from isicbench.data.fingerprint import file_hashes, fingerprint
from isicbench.data.layout import FOLDERS, TEST_MASKS, TRAIN_MASKS, has_layout, is_mask, mask_id, visible_files
from isicbench.data.progress import Progress, silent
from isicbench.errors import DataError
from isicbench.records import DatasetImage, DatasetRecord

SPLIT_OF_FOLDER = {TRAIN_MASKS: "train", TEST_MASKS: "test"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """True masks by image id."""

    folder: Path
    masks: Mapping[str, Path]
    split: str
    dataset: DatasetRecord


def open_truth(folder: Path, *, progress: Progress = silent) -> Truth:
    """Find the true masks in `folder`.

    A mask folder of the challenge's layout, or the folder that holds its four (whose test masks are meant), is that
    dataset: its fingerprint and split make the scores pair with those of runs on it. Any other folder of
    `ID_Segmentation.png` files is a dataset of masks alone. Raises `DataError`.
    """
    folder = folder.expanduser().resolve()
    if not folder.is_dir():
        raise DataError(
            f"{folder}: {'a file, not a folder' if folder.exists() else 'no such folder'}",
            hint="--truth takes a folder of masks named like ISIC_0000000_Segmentation.png.",
        )
    if has_layout(folder):
        return _of_layout(folder, TEST_MASKS, progress)
    if folder.name in FOLDERS and has_layout(folder.parent):
        return _of_layout(folder.parent, folder.name, progress)
    return _of_masks(folder, progress)


def _of_layout(root: Path, name: str, progress: Progress) -> Truth:
    if name not in SPLIT_OF_FOLDER:
        raise DataError(f"{root / name} holds the images, not their masks", hint=f"Name {root / TEST_MASKS}")
    dataset = open_folder(root)
    split = SPLIT_OF_FOLDER[name]
    pairs = dict(dataset.splits)[split]
    return Truth(
        folder=root / name,
        masks={pair.image_id: pair.mask for pair in pairs},
        split=split,
        dataset=_dataset_record(dataset, fingerprint(dataset, progress=progress)),
    )


def _dataset_record(dataset: Dataset, digest: str) -> DatasetRecord:
    return DatasetRecord(
        name=dataset.name,
        fingerprint=digest,
        train_count=len(dataset.train),
        test_count=len(dataset.test),
        source=dataset.source,
        licence=dataset.licence,
    )


def _of_masks(folder: Path, progress: Progress) -> Truth:
    masks = {mask_id(path): path for path in visible_files(folder) if is_mask(path)}
    if not masks:
        raise DataError(
            f"{folder} holds no true masks", hint="Expected files like ISIC_0000000_Segmentation.png in it."
        )
    hashes = file_hashes(folder, masks.values(), progress=progress)
    rows = sorted(["masks", image_id, hashes[path]] for image_id, path in masks.items())
    return Truth(
        folder=folder,
        masks=masks,
        split="test",
        dataset=DatasetRecord(
            name="masks",
            fingerprint=hashlib.sha256(json.dumps(rows).encode()).hexdigest(),
            train_count=0,
            test_count=len(masks),
            source=str(folder),
            licence="as stated by the folder's owner",
            images=tuple(DatasetImage(image_id=image_id, split="test", image_sha256="") for image_id in sorted(masks)),
        ),
    )
