"""The ISIC 2016 challenge's part 1: downloaded, or taken from archives or folders that the user has."""

import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from isicbench.data.archives import unpack
from isicbench.data.dataset import Dataset
from isicbench.data.download import DownloadError, download, forget
from isicbench.data.layout import FOLDERS, has_layout, require_layout, scan
from isicbench.data.progress import Progress, silent
from isicbench.data.whole_folder import whole_folder
from isicbench.errors import DataError
from isicbench.home import home

BASE_URL = "https://isic-challenge-data.s3.amazonaws.com/2016"
ARCHIVES = tuple(f"{folder}.zip" for folder in FOLDERS)
COUNTS = (900, 379)
"""Train and test pairs of the published challenge."""

SEARCH_DEPTH = 3
CITATION = (
    "Gutman D, Codella NCF, Celebi E, Helba B, Marchetti M, Mishra N, Halpern A. Skin Lesion Analysis toward Melanoma "
    "Detection: A Challenge at the International Symposium on Biomedical Imaging (ISBI) 2016, hosted by the "
    "International Skin Imaging Collaboration (ISIC). arXiv:1605.01397 (2016)."
)


def default_root() -> Path:
    return home() / "datasets" / "isic2016"


def open_isic2016(data_dir: Path | None, *, progress: Progress = silent) -> Dataset:
    """The challenge's pairs in `data_dir`, or in the home folder, where they are downloaded if absent.

    Raises `DataError` where they cannot be had, or are not 900 and 379.
    """
    if data_dir is not None:
        root = data_dir.expanduser().resolve()
        require_layout(root, hint="For the challenge's zips or another layout: isicbench data import FOLDER_OR_ZIPS")
        return _counted(root)
    if not has_layout(default_root()):
        _download_into(default_root(), progress)
    return _counted(default_root())


def import_dataset(source: Path | Sequence[Path], *, progress: Progress = silent) -> Dataset:
    """Copy the challenge's pairs from folders, zips, or folders of zips into the home folder.

    Raises `DataError` where something is missing or unsound, or where a dataset is there already.
    """
    sources = [source] if isinstance(source, Path) else list(source)
    root = default_root()
    if root.exists():
        raise DataError(f"ISIC 2016 is there already: {root}", hint="Remove or rename that folder to import it anew.")
    with whole_folder(root) as folder, tempfile.TemporaryDirectory(dir=folder.parent) as unpacked:
        found = _unpack_all(_zips(sources), Path(unpacked), progress)
        _copy_layout([*found, *(path for path in sources if path.is_dir())], folder, progress)
        _counted(folder, shown_as=", ".join(str(path) for path in sources))
    return _counted(root)


def base_url() -> str:
    """Where the archives are: `$ISICBENCH_ISIC2016_URL`, or the challenge's own server."""
    return os.environ.get("ISICBENCH_ISIC2016_URL", BASE_URL).rstrip("/")


def _counted(root: Path, *, shown_as: str = "") -> Dataset:
    train, test = scan(root)
    if (len(train), len(test)) != COUNTS:
        raise DataError(
            f"{shown_as or root} holds {len(train)} train and {len(test)} test pairs; "
            f"ISIC 2016 has {COUNTS[0]} and {COUNTS[1]}",
            hint="To use such a folder as it is: --dataset folder --data-dir FOLDER",
        )
    return Dataset(
        name="isic2016",
        root=root,
        train=train,
        test=test,
        source=BASE_URL,
        licence="CC0-1.0",
        citation=CITATION,
        expected_counts=COUNTS,
    )


def _download_into(root: Path, progress: Progress) -> None:
    folder = home() / "downloads" / "isic2016"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{folder} cannot be written: {error.strerror}", hint="Set ISICBENCH_HOME.") from error
    zips = [_download_one(f"{base_url()}/{name}", folder, progress) for name in ARCHIVES]
    with whole_folder(root) as target:
        for archive in zips:
            _unpack_download(archive, target, progress)
        require_layout(target, hint=_manual_hint())
        _counted(target, shown_as=base_url())
    for archive in zips:
        archive.unlink(missing_ok=True)


def _download_one(url: str, folder: Path, progress: Progress) -> Path:
    if not url.startswith(("http://", "https://")):
        raise DataError(f"ISICBENCH_ISIC2016_URL: {base_url()} is not a web address", hint=_manual_hint())
    try:
        return download(url, folder, progress=progress)
    except DownloadError as failure:
        raise DataError(f"{url} could not be downloaded: {failure}", hint=_manual_hint()) from failure


def _unpack_download(archive: Path, target: Path, progress: Progress) -> None:
    try:
        _unpack_layout(archive, target, progress)
    except DataError:
        forget(f"{base_url()}/{archive.name}", archive.parent)
        raise


def _manual_hint() -> str:
    names = "\n".join(f"  {base_url()}/{name}" for name in ARCHIVES)
    return (
        f"Download these four files by other means into one folder:\n{names}\n"
        "and then: isicbench data import FOLDER\n"
        "Or go on with drawn pictures: --dataset synthetic"
    )


def _zips(sources: Iterable[Path]) -> list[Path]:
    """The zips among `sources` and, where a folder has none of the challenge's folders, those in it."""
    zips = []
    for path in sources:
        if not path.exists():
            raise DataError(f"{path}: no such file or folder", hint="isicbench data import FOLDER_OR_ZIPS")
        if path.is_file():
            zips.append(path)
        elif not _find_folders(path):
            zips += [path / name for name in ARCHIVES if (path / name).is_file()]
    return zips


def _unpack_all(zips: list[Path], folder: Path, progress: Progress) -> list[Path]:
    targets = [folder / str(number) for number in range(len(zips))]
    for archive, target in zip(zips, targets, strict=True):
        _unpack_layout(archive, target, progress)
    return targets


def _unpack_layout(archive: Path, target: Path, progress: Progress) -> None:
    """Unpack; files that lie at the top of one of the challenge's archives go into the folder of its name."""
    before = {path.name for path in target.iterdir()} if target.is_dir() else set()
    with tempfile.TemporaryDirectory(dir=target.parent) as temporary:
        content = Path(temporary) / "content"
        unpack(archive, content, progress=progress)
        folders = _find_folders(content)
        if not folders and archive.stem in FOLDERS:
            folders = {archive.stem: content}
        target.mkdir(exist_ok=True)
        for name, path in folders.items():
            if name in before:
                raise DataError(f"{archive} brings a second {name}", hint=_manual_hint())
            path.rename(target / name)


def _copy_layout(places: list[Path], target: Path, progress: Progress) -> None:
    found: dict[str, Path] = {}
    for place in places:
        found = {**_find_folders(place), **found}
    if missing := [name for name in FOLDERS if name not in found]:
        raise DataError(
            f"not found: {', '.join(missing)}",
            hint=f"Needed are four folders, or four zips: {', '.join(ARCHIVES)}",
        )
    for done, name in enumerate(FOLDERS, start=1):
        shutil.copytree(found[name], target / name)
        progress("import", done, len(FOLDERS))


def _find_folders(place: Path) -> dict[str, Path]:
    """The challenge's folders by name, at most a few levels beneath `place`, or `place` itself."""
    level = [place]
    found: dict[str, Path] = {}
    for _ in range(SEARCH_DEPTH + 1):
        for folder in level:
            if folder.name in FOLDERS:
                found.setdefault(folder.name, folder)
        level = [child for folder in level if folder.name not in FOLDERS for child in _subfolders(folder)]
    return found


def _subfolders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink())
