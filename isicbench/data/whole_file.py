"""Small files that appear complete or not at all."""

import os
import secrets
from pathlib import Path


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
