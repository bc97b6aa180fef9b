"""Files that appear complete or not at all."""

import os
import secrets
import shutil
from pathlib import Path

from isicbench.errors import DataError


def require_free(path: Path) -> None:
    """Raises `DataError` where something is there already."""
    if path.exists():
        raise DataError(f"{path} is there already", hint="Name another file, or add --force to write over it.")


def write_whole(path: Path, content: str | bytes) -> None:
    """Write by a temporary file beside it and a rename. Raises `OSError`, and leaves nothing behind then.

    Opened by its name and not by `tempfile`, which would make it private whatever the umask says.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.partial")
    try:
        with temporary.open("xb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def copy_whole(source: Path, target: Path) -> None:
    """Copy by a temporary file beside the target and a rename, making the folder; raises as `write_whole`.

    One that a killed process leaves behind ends in `.tmp`: `isicbench prune` removes those in runs' folders.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f"{target.name}.{os.getpid()}.tmp")
    try:
        shutil.copyfile(source, temporary)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
