"""Files that are on the disk as they were meant to be, or not there at all."""

import os
from pathlib import Path


def write_durably(path: Path, content: bytes) -> None:
    """Write by a temporary file beside it and a rename, both synced to the disk.

    Raises `OSError` where the disk does not take it, or gives back something else; nothing is left behind then, and a
    file that was there stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.stem}.{os.getpid()}.tmp")
    try:
        _write_through(temporary, content)
        temporary.replace(path)
    except OSError as error:
        raise OSError(f"{path}: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _write_through(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if path.read_bytes() != content:
        raise OSError("does not read back as it was written")


def _sync_folder(folder: Path) -> None:
    """A rename is on the disk once its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
