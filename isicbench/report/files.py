"""Files appear whole or not at all."""

from pathlib import Path

from isicbench.data.whole_file import write_whole
from isicbench.errors import IsicbenchError


def write_file(path: Path, content: bytes) -> Path:
    """Write by a temporary file and a rename, making the folder; raises `IsicbenchError` where that is not possible."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise IsicbenchError(
            f"cannot write {path}: {reason}", hint="Name a folder that can be written: --output FOLDER"
        ) from error
    return path
