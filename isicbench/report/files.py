"""Files appear whole or not at all."""

import os
from pathlib import Path

from isicbench.errors import IsicbenchError


def write_file(path: Path, content: bytes) -> Path:
    """Write by a temporary file and a rename, making the folder; raises `IsicbenchError` where that is not possible."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_bytes(content)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise IsicbenchError(
            f"cannot write {path}: {reason}", hint="Name a folder that can be written: --output FOLDER"
        ) from error
    return path
