"""What came down, or was used, for the first time: size and SHA-256, which hold from then on."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from isicbench.data.whole_file import write_whole

RECORDS_FILE = "downloads.json"


class ChangedFileError(Exception):
    """The text says what is another than before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecord:
    sha256: str
    bytes: int

    @classmethod
    def of(cls, path: Path) -> Self:
        with path.open("rb") as file:
            return cls(sha256=hashlib.file_digest(file, "sha256").hexdigest(), bytes=path.stat().st_size)


def recorded(folder: Path, key: str) -> FileRecord | None:
    """What the folder's records say of an address or a name; None where it is new, or the records are damaged."""
    match _read(folder).get(key):
        case {"sha256": str(sha256), "bytes": int(size)}:
            return FileRecord(sha256=sha256, bytes=size)
    return None


def record(folder: Path, key: str, path: Path) -> FileRecord:
    """Take the file as what `key` stands for from now on."""
    found = FileRecord.of(path)
    _write(folder, _read(folder) | {key: asdict(found)})
    return found


def remove_record(folder: Path, key: str) -> None:
    records = _read(folder)
    if records.pop(key, None):
        _write(folder, records)


def require_as_recorded(folder: Path, key: str, path: Path) -> FileRecord:
    """Record the file on its first use; raises `ChangedFileError` where it is another one later, `OSError` where it
    cannot be recorded."""
    known = recorded(folder, key)
    if known is None:
        folder.mkdir(parents=True, exist_ok=True)
        return record(folder, key, path)
    found = FileRecord.of(path)
    if found != known:
        raise ChangedFileError(
            f"it has {found.bytes} bytes and the SHA-256 {found.sha256[:16]}, "
            f"at its first use {known.bytes} and {known.sha256[:16]}"
        )
    return found


def _read(folder: Path) -> dict[str, Any]:
    try:
        records = json.loads((folder / RECORDS_FILE).read_text())
    except (OSError, ValueError):
        return {}
    return records if isinstance(records, dict) else {}


def _write(folder: Path, records: dict[str, Any]) -> None:
    write_whole(folder / RECORDS_FILE, json.dumps(records, indent=2))
