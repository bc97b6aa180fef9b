"""A challenge's pairs: downloaded, or taken from archives or folders that the user has."""

import shutil
import tempfile
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

from isicbench.data.archives import unpack
from isicbench.data.challenges import Challenge
from isicbench.data.dataset import Dataset
from isicbench.data.layout import has_layout, require_layout, scan_split
from isicbench.data.progress import Progress, silent
from isicbench.data.published_files import PublishedFiles, default_root, fetch_dataset, require_counts
from isicbench.data.whole_folder import whole_folder
from isicbench.errors import DataError

SEARCH_DEPTH = 3


def open_challenge(challenge: Challenge, data_dir: Path | None, *, progress: Progress = silent) -> Dataset:
    """The challenge's pairs in `data_dir`, or in the home folder, where they are downloaded if absent.

    Raises `DataError` where they cannot be had, or are not as many as were published.
    """
    root = default_root(challenge.name) if data_dir is None else data_dir.expanduser().resolve()
    if data_dir is not None:
        hint = f"For the challenge's zips or another layout: {_import_command(challenge)}"
        require_layout(root, challenge.folders, hint=hint)
    elif not has_layout(root, challenge.folders):
        files = published_files(challenge)
        fetch_dataset(
            files,
            place=lambda archive, target: _unpack_layout(challenge, archive, target, progress),
            check=partial(_checked_download, challenge, files),
            progress=progress,
        )
    return counted(challenge, root)


def import_challenge(challenge: Challenge, source: Path | Sequence[Path], *, progress: Progress = silent) -> Dataset:
    """Copy the challenge's pairs from folders, zips, or folders of zips into the home folder.

    Raises `DataError` where something is missing or unsound, or where a dataset is there already.
    """
    sources = [source] if isinstance(source, Path) else list(source)
    root = default_root(challenge.name)
    if root.exists():
        raise DataError(
            f"{challenge.title} is there already: {root}", hint="Remove or rename that folder to import it anew."
        )
    with whole_folder(root) as folder, tempfile.TemporaryDirectory(dir=folder.parent) as unpacked:
        found = _unpack_all(challenge, _zips(challenge, sources), Path(unpacked), progress)
        _copy_layout(challenge, [*found, *(path for path in sources if path.is_dir())], folder, progress)
        counted(challenge, folder, shown_as=", ".join(str(path) for path in sources))
    return counted(challenge, root)


def published_files(challenge: Challenge) -> PublishedFiles:
    """Its archives."""
    return PublishedFiles(
        dataset=challenge.name,
        urls={f"{folder}.zip": f"{challenge.base_url}/{folder}.zip" for folder in challenge.folders},
        advice=f"and then: {_import_command(challenge, 'FOLDER')}",
    )


def scan_challenge(challenge: Challenge, root: Path) -> Dataset:
    """Its pairs beneath `root`, however many. Raises `DataError` for a split without any."""
    pairs = {name: scan_split(root / split.images, root / split.masks) for name, split in challenge.splits.items()}
    return Dataset(
        name=challenge.name,
        root=root,
        train=pairs["train"],
        validation=pairs.get("validation", ()),
        test=pairs["test"],
        source=challenge.base_url,
        licence=challenge.licence,
        citation=challenge.citation,
        expected_counts=challenge.counts,
    )


def counted(challenge: Challenge, root: Path, *, shown_as: str = "") -> Dataset:
    """Its pairs beneath `root`; raises `DataError` where they are not as many as were published."""
    dataset = scan_challenge(challenge, root)
    found = [len(pairs) for _, pairs in dataset.splits]
    require_counts(found, challenge.counts, shown_as=shown_as or str(root), title=challenge.title)
    return dataset


def _import_command(challenge: Challenge, sources: str = "FOLDER_OR_ZIPS") -> str:
    option = "" if challenge.name == "isic2016" else f" --dataset {challenge.name}"
    return f"isicbench data import {sources}{option}"


def _checked_download(challenge: Challenge, files: PublishedFiles, target: Path) -> Dataset:
    require_layout(target, challenge.folders, hint=files.manual_hint)
    return counted(challenge, target, shown_as=files.mirror or challenge.base_url)


def _zips(challenge: Challenge, sources: Iterable[Path]) -> list[Path]:
    """The zips among `sources` and, where a folder has none of the challenge's folders, those in it."""
    zips = []
    for path in sources:
        if not path.exists():
            raise DataError(f"{path}: no such file or folder", hint=_import_command(challenge))
        if path.is_file():
            zips.append(path)
        elif not _find_folders(challenge, path):
            zips += [path / f"{name}.zip" for name in challenge.folders if (path / f"{name}.zip").is_file()]
    return zips


def _unpack_all(challenge: Challenge, zips: list[Path], folder: Path, progress: Progress) -> list[Path]:
    targets = [folder / str(number) for number in range(len(zips))]
    for archive, target in zip(zips, targets, strict=True):
        _unpack_layout(challenge, archive, target, progress)
    return targets


def _unpack_layout(challenge: Challenge, archive: Path, target: Path, progress: Progress) -> None:
    """Unpack; files that lie at the top of one of the challenge's archives go into the folder of its name."""
    before = {path.name for path in target.iterdir()} if target.is_dir() else set()
    with tempfile.TemporaryDirectory(dir=target.parent) as temporary:
        content = Path(temporary) / "content"
        unpack(archive, content, progress=progress)
        folders = _find_folders(challenge, content)
        if not folders and archive.stem in challenge.folders:
            folders = {archive.stem: content}
        target.mkdir(exist_ok=True)
        for name, path in folders.items():
            if name in before:
                hint = published_files(challenge).manual_hint
                raise DataError(f"{archive} brings a second {name}", hint=hint)
            path.rename(target / name)


def _copy_layout(challenge: Challenge, places: list[Path], target: Path, progress: Progress) -> None:
    found: dict[str, Path] = {}
    for place in places:
        found = {**_find_folders(challenge, place), **found}
    if missing := [name for name in challenge.folders if name not in found]:
        zips = ", ".join(f"{name}.zip" for name in challenge.folders)
        raise DataError(
            f"not found: {', '.join(missing)}", hint=f"Needed are {len(challenge.folders)} folders, or zips: {zips}"
        )
    for done, name in enumerate(challenge.folders, start=1):
        shutil.copytree(found[name], target / name)
        progress("import", done, len(challenge.folders))


def _find_folders(challenge: Challenge, place: Path) -> dict[str, Path]:
    """The challenge's folders by name, at most a few levels beneath `place`, or `place` itself."""
    level = [place]
    found: dict[str, Path] = {}
    for _ in range(SEARCH_DEPTH + 1):
        for folder in level:
            if folder.name in challenge.folders:
                found.setdefault(folder.name, folder)
        level = [child for folder in level if folder.name not in challenge.folders for child in _subfolders(folder)]
    return found


def _subfolders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink())
