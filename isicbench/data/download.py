"""Download of one file: retried, and checked against what the same address gave before."""

import logging
import shutil
import time
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pooch

from isicbench.data.download_records import record, recorded, remove_record
from isicbench.data.progress import Progress

WAITS_SECONDS = (1.0, 4.0)
"""Before the second and the third attempt."""

TIMEOUT_SECONDS = 60
CHUNK_BYTES = 2**18
LASTING_STATUSES = range(400, 500)


class DownloadError(Exception):
    """The text says why, in a few words."""


def download(url: str, folder: Path, *, name: str = "", progress: Progress) -> Path:
    """Fetch `url` into `folder`; a file that is there and agrees with its record is kept.

    Without a `name` the file is called as the address ends.

    Size and SHA-256 are recorded in `folder` on the first download and must be the same afterwards.
    A file that came down cut short is never kept. Raises `DownloadError` after three attempts.
    """
    logging.getLogger(pooch.get_logger().name).setLevel(logging.ERROR)
    for wait in (*WAITS_SECONDS, None):
        try:
            return _fetch(url, folder, name or file_name(url), progress)
        except (OSError, ValueError) as error:
            # The errors of requests are OSErrors; pooch raises ValueError for another hash.
            if wait is None or _is_lasting(error):
                raise DownloadError(_in_short(error)) from error
        time.sleep(wait)
    raise AssertionError("unreachable")


def forget(url: str, path: Path) -> None:
    """Remove the file and its record: what came down was not what was wanted."""
    path.unlink(missing_ok=True)
    remove_record(path.parent, url)


def _fetch(url: str, folder: Path, name: str, progress: Progress) -> Path:
    known = recorded(folder, url)
    # A file without a record is from an attempt that was stopped: without a known hash, pooch would take it as it is.
    if known is None:
        (folder / name).unlink(missing_ok=True)
    downloader = pooch.HTTPDownloader(
        progressbar=_Bar(name, progress),
        chunk_size=CHUNK_BYTES,
        timeout=TIMEOUT_SECONDS,
        hooks={"response": partial(_require_safe, folder=folder)},
    )
    known_hash = f"sha256:{known.sha256}" if known else None
    path = Path(pooch.retrieve(url, known_hash, fname=name, path=folder, downloader=downloader))
    if known is None:
        record(folder, url, path)
    return path


def _require_safe(response: Any, *_arguments: Any, folder: Path, **_options: Any) -> None:
    """Refuse a redirect from https to http, which anybody on the way could have changed, and a file without room."""
    location = response.headers.get("Location", "")
    if response.is_redirect and response.url.startswith("https:"):
        target = urljoin(response.url, location)
        if not target.startswith("https:"):
            raise _UnsafeError(f"the server redirects from https to {target.partition(':')[0]}")
    size = int(response.headers.get("Content-Length") or 0)
    if size > (free := shutil.disk_usage(folder).free):
        raise _UnsafeError(f"it has {size} bytes, but {free} are free in {folder}")


class _UnsafeError(ValueError):
    """Trying again would not help."""


def file_name(url: str) -> str:
    """How the address ends."""
    return url.rsplit("/", 1)[-1]


def _is_lasting(error: Exception) -> bool:
    return isinstance(error, _UnsafeError) or _status(error) in LASTING_STATUSES


def _status(error: Exception) -> int:
    return int(getattr(getattr(error, "response", None), "status_code", 0) or 0)


def _in_short(error: Exception) -> str:
    """The reason without the chain of objects that requests and urllib3 print."""
    if status := _status(error):
        return f"the server answered {status}"
    if isinstance(error, _UnsafeError):
        return str(error)
    text = f"{type(error).__name__}: {error}"
    for sign, reason in SIGNS:
        if sign in text:
            return reason
    return text.splitlines()[0][:160]


SIGNS = (
    ("NameResolutionError", "the server's name is not known; is this machine offline?"),
    ("Name or service not known", "the server's name is not known; is this machine offline?"),
    ("Connection refused", "the server refused the connection"),
    ("IncompleteRead", "the connection broke off before the end of the file"),
    ("ProxyError", "the proxy refused the connection"),
    ("Network is unreachable", "the network cannot be reached; is this machine offline?"),
    ("timed out", "no answer in time"),
    ("SSLError", "the server's certificate is not accepted"),
    ("does not match the known hash", "the file is not the same as at the first download"),
)


class _Bar:
    """What pooch expects of a progress bar."""

    def __init__(self, name: str, progress: Progress) -> None:
        self.what = f"download {name}"
        self.progress = progress
        self.total = 0
        self.done = 0

    def update(self, count: int) -> None:
        self.done += count
        self.progress(self.what, self.done, self.total)

    def reset(self) -> None:
        # pooch empties the bar and fills it once more at the end.
        self.done = 0

    def close(self) -> None:
        return
