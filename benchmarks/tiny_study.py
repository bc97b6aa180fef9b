"""A study of tiny runs, started as a user starts it."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from isicbench.data.layout import FOLDERS, TEST_IMAGES, TEST_MASKS, TRAIN_IMAGES, TRAIN_MASKS
from isicbench.data.synthetic_picture import draw_picture
from isicbench.errors import StoreError
from isicbench.store.store import Store, open_store

PICTURE_PX = (96, 72)
"""So small that a run's time goes into what is tested, not into scoring at the original size."""


class TinyStudy:
    """`isicbench run` on 12 training and 4 test images, in a folder with caches of its own."""

    def __init__(self, folder: Path, *options: str, side_px: int = 64) -> None:
        self.folder = folder
        self.options = (*options, "--size", str(side_px))
        for name in FOLDERS:
            (folder / "pairs" / name).mkdir(parents=True)
        for number in range(16):
            write_pair(folder / "pairs", number, is_train=number < 12)

    @property
    def log(self) -> str:
        """What the commands have printed so far."""
        return (self.folder / "run.log").read_text()

    def start(self, database: str, *options: str) -> subprocess.Popen[bytes]:
        """Start the command and leave it running; what it prints is added to `run.log`."""
        command = [sys.executable, "-m", "isicbench", "run", "--dataset", "folder"]
        command += ["--data-dir", str(self.folder / "pairs"), "--weights", "random"]
        command += ["--batch-size", "3", "--validation-share", "0.25", "--db", database, *self.options, *options]
        environment = os.environ | {
            "ISICBENCH_HOME": str(self.folder / "home"),
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        with (self.folder / "run.log").open("ab") as log:
            return subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log, env=environment)

    def opened(self, database: str) -> Store | None:
        """None while it is being made."""
        file = self.folder / database
        try:
            return open_store(str(file), create=False) if file.exists() else None
        except StoreError:
            return None


def write_pair(root: Path, number: int, *, is_train: bool) -> None:
    """Draw a picture and its mask into the challenge's layout; equal numbers give equal pictures."""
    images, masks = (TRAIN_IMAGES, TRAIN_MASKS) if is_train else (TEST_IMAGES, TEST_MASKS)
    picture, mask = draw_picture(PICTURE_PX, random=np.random.default_rng(number))
    picture.save(root / images / f"ISIC_{number:07d}.jpg", quality=90)
    mask.save(root / masks / f"ISIC_{number:07d}_Segmentation.png")
