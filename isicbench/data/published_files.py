"""Files of a published dataset, fetched from its server or from a mirror of it."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from isicbench.data.archives import unpack
from isicbench.data.dataset import Dataset
from isicbench.data.download import DownloadError, download, forget
from isicbench.data.progress import Progress
from isicbench.data.whole_folder import whole_folder
from isicbench.errors import DataError
from isicbench.home import home


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedFiles:
    """What is fetched for a dataset, by its name; `urls` maps each file's name to its address."""

    dataset: str
    urls: dict[str, str]
    advice: str
    """What to do once the files are there by other means."""

    @property
    def mirror(self) -> str:
        """`$ISICBENCH_NAME_URL`: a server that has the files by their names; empty for the dataset's own."""
        return os.environ.get(self.variable, "").rstrip("/")

    @property
    def variable(self) -> str:
        return f"ISICBENCH_{self.dataset.upper()}_URL"

    def url(self, name: str) -> str:
        return f"{self.mirror}/{name}" if self.mirror else self.urls[name]

    @property
    def manual_hint(self) -> str:
        names = "\n".join(f"  {self.url(name)}" for name in self.urls)
        return (
            f"Download these {len(self.urls)} files by other means into one folder:\n{names}\n{self.advice}\n"
            "Or go on with drawn pictures: --dataset synthetic"
        )


Place = Callable[[Path, Path], None]
"""Puts a fetched file into the dataset's folder."""


def default_root(dataset: str) -> Path:
    """Where a dataset lies in the home folder, there or not."""
    return home() / "datasets" / dataset


def fetch_dataset(files: PublishedFiles, *, place: Place, check: Callable[[Path], Dataset], progress: Progress) -> None:
    """Fetch every file, then put the dataset's folder in place, complete and checked; the files are dropped then.

    What came down and was not what was wanted is forgotten, so that the next call fetches it anew. Raises `DataError`.
    """
    folder = home() / "downloads" / files.dataset
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{folder} cannot be written: {error.strerror}", hint="Set ISICBENCH_HOME.") from error
    fetched = [_fetch(files, name, folder, progress) for name in files.urls]
    with whole_folder(default_root(files.dataset)) as target:
        for path in fetched:
            try:
                place(path, target)
            except DataError:
                forget(files.url(path.name), path)
                raise
        check(target)
    for path in fetched:
        path.unlink(missing_ok=True)


def unpack_all(archive: Path, target: Path, progress: Progress) -> None:
    """A zip's files in a folder of its name beneath `target`."""
    unpack(archive, target / archive.stem, progress=progress)


def _fetch(files: PublishedFiles, name: str, folder: Path, progress: Progress) -> Path:
    url = files.url(name)
    if not url.startswith(("http://", "https://")):
        raise DataError(f"{files.variable}: {files.mirror} is not a web address", hint=files.manual_hint)
    try:
        return download(url, folder, name=name, progress=progress)
    except DownloadError as failure:
        raise DataError(f"{url} could not be downloaded: {failure}", hint=files.manual_hint) from failure


def require_counts(found: Sequence[int], expected: Sequence[int], *, shown_as: str, title: str) -> None:
    """Raise `DataError` where a published dataset has not as many pairs as it should."""
    if tuple(found) != tuple(expected):
        names = ("train", "test") if len(found) == 2 else ("train", "validation", "test")[-len(found) :]
        have = _listed([f"{count} {name}" for count, name in zip(found, names, strict=True)])
        raise DataError(
            f"{shown_as} holds {have} pairs; {title} has {_listed([str(count) for count in expected])}",
            hint="To use such a folder as it is: --dataset folder --data-dir FOLDER, or --images DIR --masks DIR",
        )


def _listed(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]
