"""Unpacking of zips that came from elsewhere."""

import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from isicbench.data.progress import Progress, silent
from isicbench.errors import DataError

MAX_BYTES = 32 * 2**30
MAX_MEMBERS = 200_000
CHUNK_BYTES = 2**20
IGNORED = ("__MACOSX", ".DS_Store", "Thumbs.db")

ENCRYPTED_FLAG = 0x1


def unpack(archive: Path, into: Path, *, max_bytes: int = MAX_BYTES, progress: Progress = silent) -> None:
    """Unpack a zip's files into the folder `into`, which is made where it is absent.

    Raises `DataError` and writes nothing where a member would leave the folder, is a link, is encrypted or occurs
    twice, or where more than `max_bytes` or the disk's free space would be needed; and, while it writes, for a
    truncated or damaged archive.
    """
    try:
        into.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(archive) as opened:
            members = _checked_members(archive, opened.infolist())
            _require_room(archive, into, members, max_bytes=max_bytes)
            _write_members(archive, opened, members, into, progress)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise DataError(
            f"{archive} is not a sound zip archive ({error})", hint="Download it once more; it may be cut short."
        ) from error
    except OSError as error:
        raise DataError(
            f"{archive} could not be unpacked: {error.strerror or error}", hint="Check free space and permissions."
        ) from error


def _checked_members(archive: Path, infos: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    if len(infos) > MAX_MEMBERS:
        raise _refusal(archive, f"holds {len(infos)} files, more than {MAX_MEMBERS}")
    if not all(info.filename for info in infos):
        raise _refusal(archive, "holds a file without a name")
    members = [info for info in infos if not info.is_dir() and not _is_ignored(info.filename)]
    seen: set[str] = set()
    for info in members:
        if problem := _problem(info, seen):
            raise _refusal(archive, f"{info.filename!r} {problem}")
        seen.add(info.filename.lower())
    return members


def _problem(info: zipfile.ZipInfo, seen: set[str]) -> str:
    path = PurePosixPath(info.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in info.filename or "\0" in info.orig_filename:
        return "would be written outside of its folder"
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
        return "is a link or a special file"
    if info.flag_bits & ENCRYPTED_FLAG:
        return "is encrypted"
    if info.filename.lower() in seen:
        return "occurs twice"
    return ""


def _is_ignored(name: str) -> bool:
    return any(part in IGNORED for part in PurePosixPath(name).parts)


def _require_room(archive: Path, into: Path, members: list[zipfile.ZipInfo], *, max_bytes: int) -> None:
    needed = sum(info.file_size for info in members)
    if needed > max_bytes:
        raise _refusal(archive, f"would unpack to {needed} bytes, more than {max_bytes}")
    free = shutil.disk_usage(into).free
    if needed > free:
        raise DataError(
            f"{archive} unpacks to {needed} bytes, but {free} are free", hint="Free some space, or set ISICBENCH_HOME."
        )


def _refusal(archive: Path, why: str) -> DataError:
    return DataError(f"{archive} is refused: {why}", hint="Nothing was unpacked. Use the challenge's own archives.")


def _write_members(
    archive: Path, opened: zipfile.ZipFile, members: list[zipfile.ZipInfo], into: Path, progress: Progress
) -> None:
    for done, info in enumerate(members, start=1):
        target = into.joinpath(*PurePosixPath(info.filename.replace("\\", "/")).parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        # zipfile stops at the size that the directory states, so a member cannot grow past the bound.
        with opened.open(info) as source, target.open("xb") as file:
            shutil.copyfileobj(source, file, CHUNK_BYTES)
        progress(f"unpack {archive.name}", done, len(members))
