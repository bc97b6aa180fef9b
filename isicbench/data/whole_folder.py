"""Folders that appear complete or not at all."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from isicbench.errors import DataError

ABANDONED_SECONDS = 24 * 3600


CACHE_HINT = "Check free space and permissions, or name another folder in ISICBENCH_HOME."


@contextmanager
def whole_folder(target: Path, *, hint: str = CACHE_HINT) -> Iterator[Path]:
    """Yield a temporary folder beside `target` and rename it to `target` at the end.

    Where another process was faster, its folder stays and ours is dropped. An error leaves nothing behind. A `target`
    that is there but empty is replaced. Raises `DataError` where the place cannot be written.
    """
    outer = _make_outer(target, hint=hint)
    try:
        yield outer / "content"
        _put_in_place(outer / "content", target)
    except OSError as error:
        raise DataError(f"{target} could not be written: {error.strerror or error}", hint=hint) from error
    finally:
        shutil.rmtree(outer, ignore_errors=True)


def _make_outer(target: Path, *, hint: str) -> Path:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _drop_abandoned(target)
        outer = Path(tempfile.mkdtemp(prefix=f".{target.name}.partial-", dir=target.parent))
        # mkdtemp's folder is the user's alone; the one inside has the usual permissions.
        (outer / "content").mkdir()
    except OSError as error:
        raise DataError(f"{target.parent} cannot be written: {error.strerror or error}", hint=hint) from error
    return outer


def _drop_abandoned(target: Path) -> None:
    """Remove what killed processes left behind a day ago or earlier."""
    for folder in target.parent.glob(f".{target.name}.partial-*"):
        # Another process may remove its own at this moment.
        with suppress(FileNotFoundError):
            if time.time() - folder.stat().st_mtime > ABANDONED_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def _put_in_place(partial: Path, target: Path) -> None:
    try:
        partial.replace(target)
    except OSError:
        # Renaming onto a folder with files in it fails: another process has put its result there.
        if not target.is_dir() or not any(target.iterdir()):
            raise
