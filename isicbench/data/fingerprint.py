"""A dataset's fingerprint: which bytes a result was made with."""

import hashlib
import json
import time
from collections.abc import Iterable
from pathlib import Path

from isicbench.data.dataset import Dataset
from isicbench.data.progress import Progress, silent
from isicbench.data.threads import map_in_order
from isicbench.data.whole_file import write_whole
from isicbench.errors import DataError
from isicbench.home import home

SETTLED_SECONDS = 2
"""A file that changed within this time may change again without a new timestamp, so its hash is not kept."""

KEPT_EVERY = 20_000
"""Files; a killed call has hashed so many in vain at most."""

ABSENT_SHOWN = 20

Stamp = tuple[int, int]
Hashes = dict[Path, str]


def fingerprint(dataset: Dataset, *, progress: Progress = silent) -> str:
    """SHA-256, in hex, over the sorted (split, id, image's SHA-256, mask's SHA-256). Raises `DataError`.

    Hashes of files are kept under the home folder by path, size and modification time.
    """
    pairs = [(split, pair) for split, pairs in dataset.splits for pair in pairs]
    files = [path for _, pair in pairs for path in (pair.image, pair.mask)]
    hashes = file_hashes(dataset.root, files, progress=progress)
    rows = sorted([split, pair.image_id, hashes[pair.image], hashes[pair.mask]] for split, pair in pairs)
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def file_hashes(root: Path, files: Iterable[Path], *, progress: Progress = silent) -> Hashes:
    """SHA-256 of each file, in hex; only new and changed files are read. Raises `DataError` for an unreadable one."""
    files = list(files)
    _require_present(files)
    kept = _read_kept(_kept_file(root))
    stamps = {path: _stamp(path) for path in files}
    hashes = {path: kept[path][1] for path, stamp in stamps.items() if path in kept and kept[path][0] == stamp}
    changed = [path for path in stamps if path not in hashes]
    for done, (path, digest) in enumerate(zip(changed, map_in_order(_hash, changed), strict=True), start=1):
        hashes[path] = digest
        progress("hash", done, len(changed))
        if done % KEPT_EVERY == 0:
            _keep(_kept_file(root), stamps, hashes)
    if changed:
        _keep(_kept_file(root), stamps, hashes)
    return hashes


def _require_present(files: list[Path]) -> None:
    if absent := [path for path in files if not path.is_file()]:
        names = "\n".join(f"  {path}" for path in absent[:ABSENT_SHOWN])
        more = f"\n  and {len(absent) - ABSENT_SHOWN} more" if len(absent) > ABSENT_SHOWN else ""
        raise DataError(
            f"{len(absent)} file{'s are' if len(absent) > 1 else ' is'} missing\n{names}{more}",
            hint="Each image needs its mask, and each mask its image. To check all files: isicbench data verify",
        )


def _stamp(path: Path) -> Stamp:
    try:
        status = path.stat()
    except OSError as error:
        raise _unreadable(path, error) from error
    return status.st_size, status.st_mtime_ns


def _hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> DataError:
    return DataError(f"{path} cannot be read: {error.strerror or error}", hint="See: isicbench data verify --help")


def _kept_file(root: Path) -> Path:
    return home() / "fingerprints" / f"{hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:16]}.json"


def _read_kept(file: Path) -> dict[Path, tuple[Stamp, str]]:
    """What was kept; nothing where the file is absent or damaged, since it only saves time."""
    try:
        rows = json.loads(file.read_text())
        return {Path(path): ((int(size), int(time_ns)), str(digest)) for path, size, time_ns, digest in rows}
    except (OSError, ValueError, TypeError):
        return {}


def _keep(file: Path, stamps: dict[Path, Stamp], hashes: Hashes) -> None:
    settled_ns = time.time_ns() - SETTLED_SECONDS * 10**9
    settled = [(path, stamp) for path, stamp in stamps.items() if path in hashes and stamp[1] < settled_ns]
    rows = [[str(path), *stamp, hashes[path]] for path, stamp in settled]
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, json.dumps(rows))
    except OSError:
        # A folder that cannot be written costs time at the next call, nothing else.
        return
