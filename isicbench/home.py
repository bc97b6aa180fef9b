"""Where isicbench keeps what it downloads and prepares on this machine."""

import os
from pathlib import Path


def home() -> Path:
    """The folder of datasets and prepared arrays: `$ISICBENCH_HOME`, or `isicbench` in the user's cache folder."""
    if chosen := os.environ.get("ISICBENCH_HOME"):
        return Path(chosen).expanduser().resolve()
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser().resolve() / "isicbench"
