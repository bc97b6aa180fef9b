"""What a measurement works on: files of the challenge's sizes, drawn for it, or a folder of the user's."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from isicbench.data.catalog import open_folder
from isicbench.data.dataset import Dataset
from isicbench.data.prepare import Prepared, prepare
from isicbench.data.progress import Progress, silent
from isicbench.data.synthetic import write_synthetic


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    dataset: Dataset
    prepared: Prepared
    folder: Path
    """For files of the measurement's own; removed at its end."""
    batch_size: int
    size_px: int
    rounds: int
    device: torch.device

    @property
    def images(self) -> int:
        """Training images, which every pass goes over once."""
        return len(self.prepared.train.image_ids)


@contextmanager
def bench_inputs(
    *,
    images: int,
    data_dir: Path | None,
    batch_size: int,
    size_px: int,
    rounds: int,
    progress: Progress = silent,
) -> Iterator[Inputs]:
    """Draw or open the files and prepare them, with caches of their own: the user's stay as they are."""
    with tempfile.TemporaryDirectory(prefix="isicbench-bench-") as name, _home_in(Path(name) / "home"):
        root = data_dir
        if root is None:
            root = Path(name) / "pairs"
            write_synthetic(root, train=images, test=max(2, images // 3), progress=progress)
        dataset = open_folder(root)
        yield Inputs(
            dataset=dataset,
            prepared=prepare(dataset, size_px=size_px, progress=progress),
            folder=Path(name),
            batch_size=batch_size,
            size_px=size_px,
            rounds=rounds,
            device=torch.device("cuda" if torch.cuda.is_available() else "cpu"),
        )


@contextmanager
def _home_in(folder: Path) -> Iterator[None]:
    before = os.environ.get("ISICBENCH_HOME")
    os.environ["ISICBENCH_HOME"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["ISICBENCH_HOME"]
        else:
            os.environ["ISICBENCH_HOME"] = before
