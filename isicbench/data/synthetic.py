"""The `synthetic` dataset: drawn pictures as real JPEG and PNG files in the challenge's layout."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from isicbench.data.dataset import Dataset
from isicbench.data.layout import FOLDERS, TEST_IMAGES, TEST_MASKS, TRAIN_IMAGES, TRAIN_MASKS, has_layout, scan
from isicbench.data.progress import Progress, silent
from isicbench.data.published_files import default_root
from isicbench.data.synthetic_picture import draw_picture
from isicbench.data.threads import map_in_order
from isicbench.data.whole_folder import whole_folder
from isicbench.errors import DataError

DEFAULT_COUNTS = (200, 60)
"""Train and test images of the dataset that `open_synthetic` draws."""

FIRST_ID = 9_000_000
"""Far above the archive's own numbers, so that nobody takes a drawn picture for a patient's."""

SIZES = ((1022, 767), (722, 542), (1504, 1129), (2272, 1704), (4288, 2848))
SIZE_SHARES = (0.72, 0.06, 0.06, 0.11, 0.05)

JPEG_QUALITY = 88


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    image: Path
    mask: Path
    seed: tuple[int, int]


def open_synthetic(data_dir: Path | None, *, progress: Progress = silent) -> Dataset:
    """The drawn dataset in `data_dir` or the home folder; drawn where it is not there yet. Raises `DataError`."""
    root = (data_dir or default_root("synthetic")).expanduser().resolve()
    if not has_layout(root):
        _require_empty(root)
        with whole_folder(root) as folder:
            train, test = DEFAULT_COUNTS
            write_synthetic(folder, train=train, test=test, progress=progress)
    train_pairs, test_pairs = scan(root)
    return Dataset(
        name="synthetic",
        root=root,
        train=train_pairs,
        test=test_pairs,
        source="drawn by isicbench",
        licence="CC0-1.0",
        citation="",
        expected_counts=DEFAULT_COUNTS if data_dir is None else None,
    )


def write_synthetic(root: Path, *, train: int, test: int, seed: int = 0, progress: Progress = silent) -> None:
    """Draw `train` + `test` dermoscopy-like pictures with their masks into `root`.

    A picture depends on `seed` and its number only: the same call gives the same files on the same machine.
    Raises `DataError` where a count is below 1 or `root` cannot be written.
    """
    if train < 1 or test < 1:
        raise DataError(f"{train} train and {test} test images: at least 1 of each is needed", hint="Ask for more.")
    try:
        for folder in FOLDERS:
            (root / folder).mkdir(parents=True, exist_ok=True)
        tasks = [_task(root, number, is_train=number < train, seed=seed) for number in range(train + test)]
        for done, _ in enumerate(map_in_order(_write, tasks), start=1):
            progress("draw", done, len(tasks))
    except OSError as error:
        raise DataError(
            f"{root} cannot be written: {error.strerror or error}", hint="Check free space and permissions."
        ) from error


def _task(root: Path, number: int, *, is_train: bool, seed: int) -> _Task:
    images, masks = (TRAIN_IMAGES, TRAIN_MASKS) if is_train else (TEST_IMAGES, TEST_MASKS)
    image_id = f"ISIC_{FIRST_ID + number:07d}"
    return _Task(
        image=root / images / f"{image_id}.jpg",
        mask=root / masks / f"{image_id}_Segmentation.png",
        seed=(seed, number),
    )


def _write(task: _Task) -> None:
    random = np.random.default_rng(task.seed)
    size = SIZES[random.choice(len(SIZES), p=SIZE_SHARES)]
    picture, mask = draw_picture(size, random=random)
    picture.save(task.image, "JPEG", quality=JPEG_QUALITY)
    mask.save(task.mask, "PNG", compress_level=1)


def _require_empty(root: Path) -> None:
    if root.is_file() or (root.is_dir() and any(root.iterdir())):
        raise DataError(
            f"{root} is there, but is not in the challenge's layout",
            hint="Name an empty folder with --data-dir: the synthetic pictures are drawn into it.",
        )
