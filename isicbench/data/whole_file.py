"""Small files of the cache that appear complete or not at all."""

import os
import secrets
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write by a temporary file beside it and a rename. Raises `OSError`, and leaves nothing behind then.

    Opened by its name and not by `tempfile`, which would make it private whatever the umask says.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.partial")
    try:
        with temporary.open("x") as file:
            file.write(text)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
