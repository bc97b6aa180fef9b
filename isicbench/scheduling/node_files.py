"""Files that a run needs on whichever machine it runs, known by their content: they reach a node once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from isicbench.config import Config
from isicbench.data.prepare import prepared_folder
from isicbench.data.whole_file import write_whole
from isicbench.data.whole_folder import whole_folder
from isicbench.errors import DataError
from isicbench.models.weight_files import weights_path

MOST_BYTES = 4 * 2**30
"""What is sent at once must fit into a node's memory."""
Content = Mapping[str, bytes]
"""By file name."""


@dataclass(frozen=True, slots=True)
class PreparedImages:
    """The arrays of a dataset at one size."""

    fingerprint: str
    size_px: int

    @property
    def path(self) -> Path:
        """On the machine that asks."""
        return prepared_folder(self.fingerprint, self.size_px)

    def write(self, content: Content) -> None:
        """All of it or nothing. Raises `DataError` where the place cannot be written."""
        with whole_folder(self.path) as folder:
            for name, file in content.items():
                (folder / name).write_bytes(file)


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """Weights of an encoder."""

    name: str
    sha256: str
    encoder: str

    @property
    def path(self) -> Path:
        """On the machine that asks."""
        return weights_path(self.name, self.sha256, encoder=self.encoder)

    def write(self, content: Content) -> None:
        """Whole or not at all. Raises `OSError`."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        (file,) = content.values()
        write_whole(self.path, file)


NodeFiles = PreparedImages | WeightsFile


def files_needed(configs: Sequence[Config]) -> list[NodeFiles]:
    """Prepared images and weights of the configs, each once."""
    images = [PreparedImages(config.dataset_fingerprint, config.image_size_px) for config in configs]
    weights = [WeightsFile(c.weights, c.weights_sha256, c.encoder) for c in configs if c.weights_sha256]
    return list(dict.fromkeys([*images, *weights]))


def missing_here(needed: Sequence[NodeFiles]) -> list[NodeFiles]:
    """Those that this machine has not: they appear whole or not at all."""
    return [files for files in needed if not files.path.exists()]


def read_here(files: NodeFiles) -> Content:
    """What this machine has of them. Raises `DataError` where that is too much to send."""
    paths = sorted(files.path.iterdir()) if files.path.is_dir() else [files.path]
    total = sum(path.stat().st_size for path in paths)
    if total > MOST_BYTES:
        raise DataError(
            f"{files.path}: {total / 2**30:.1f} GiB are too much to send to a node",
            hint="Let the nodes share the cache folder: the same ISICBENCH_HOME on a shared file system.",
        )
    return {path.name: path.read_bytes() for path in paths}
