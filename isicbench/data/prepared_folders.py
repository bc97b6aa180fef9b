"""The folders of prepared arrays in the cache, and which of them a set of datasets does not need."""

import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from isicbench.data.prepare import PREPROCESSING_VERSION
from isicbench.data.whole_folder import ABANDONED_SECONDS
from isicbench.home import home

NAME = re.compile(r"(?P<fingerprint>[0-9a-f]{16})-(?P<size>\d+)-v(?P<version>\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnneededFolder:
    path: Path
    bytes: int
    reason: str


def unneeded_prepared(fingerprints: Iterable[str]) -> Iterator[UnneededFolder]:
    """Prepared arrays of datasets with other fingerprints, or of an earlier preprocessing.

    Whatever is not named like a folder of prepared arrays is left alone, and so is one that was made within a day: a
    command that is just starting may be about to use it.
    """
    known = {fingerprint[:16] for fingerprint in fingerprints}
    folder = home() / "prepared"
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        named = NAME.fullmatch(path.name)
        if not named or path.is_symlink() or not path.is_dir():
            continue
        if time.time() - path.stat().st_mtime < ABANDONED_SECONDS:
            continue
        if int(named["version"]) < PREPROCESSING_VERSION:
            yield _unneeded(path, f"arrays of an earlier preprocessing (v{named['version']})")
        elif named["fingerprint"] not in known:
            yield _unneeded(path, "arrays of a dataset that this database does not know")


def _unneeded(path: Path, reason: str) -> UnneededFolder:
    size = sum(file.lstat().st_size for file in path.iterdir())
    return UnneededFolder(path=path, bytes=size, reason=reason)
