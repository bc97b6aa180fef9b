"""What identifies each image of a dataset: id, split, and the hashes of its file and of its picture."""

import json
from pathlib import Path

import numpy as np

from isicbench.data.dataset import Dataset
from isicbench.data.fingerprint import file_hashes
from isicbench.data.perceptual_hash import perceptual_hash
from isicbench.data.prepare import Prepared, PreparedSplit
from isicbench.data.whole_file import write_whole
from isicbench.home import home
from isicbench.records import DatasetImage

HASH_VERSION = 1
"""To be raised whenever the same images would give other hashes."""

HashesById = dict[str, str]


def describe_images(dataset: Dataset, prepared: Prepared) -> tuple[DatasetImage, ...]:
    """Every image of the dataset, by split and id, from its prepared arrays: no file is decoded again.

    The pictures' hashes are kept under the home folder by fingerprint. Raises `DataError` for an unreadable file.
    """
    pairs = [pair for _, split in dataset.splits for pair in split]
    # With the masks, as for the fingerprint: what is kept of a folder is what was asked for last.
    digests = file_hashes(dataset.root, [path for pair in pairs for path in (pair.image, pair.mask)])
    hashes = _kept_hashes(prepared)
    return tuple(
        DatasetImage(
            image_id=pair.image_id,
            split=split,
            image_sha256=digests[pair.image],
            perceptual_hash=hashes[pair.image_id],
        )
        for split, pairs in dataset.splits
        for pair in pairs
    )


def _kept_hashes(prepared: Prepared) -> HashesById:
    file = home() / "hashes" / f"{prepared.fingerprint}-v{HASH_VERSION}.json"
    ids = {name for split in prepared.splits.values() for name in split.image_ids}
    kept = _read(file)
    if kept.keys() == ids:
        return kept
    hashes = {name: value for split in prepared.splits.values() for name, value in _hashes(split).items()}
    _keep(file, hashes)
    return hashes


def _hashes(split: PreparedSplit) -> HashesById:
    return {
        name: perceptual_hash(np.asarray(pixels)) for name, pixels in zip(split.image_ids, split.images, strict=True)
    }


def _read(file: Path) -> HashesById:
    """What was kept; nothing where the file is absent or damaged, since it only saves time."""
    try:
        return {str(name): str(value) for name, value in json.loads(file.read_text()).items()}
    except (OSError, ValueError, AttributeError):
        return {}


def _keep(file: Path, hashes: HashesById) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, json.dumps(hashes))
    except OSError:
        # A folder that cannot be written costs time at the next call, nothing else.
        return
