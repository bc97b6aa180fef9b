"""A zip from elsewhere writes its own files into its own folder, or nothing at all."""

import stat
import struct
import warnings
import zipfile
from pathlib import Path

import pytest

from isicbench.data.archives import unpack
from isicbench.errors import DataError


def write_zip(path: Path, members: dict[str, bytes]) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python warns of the double names that a test wants.
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(name, content)
    return path


def files_under(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_files_are_unpacked_without_what_macos_adds(tmp_path: Path) -> None:
    members = {"a/1.txt": b"one", "a/b/2.txt": b"two", "__MACOSX/a/._1.txt": b"x", "a/.DS_Store": b"x"}
    calls: list[tuple[str, int, int]] = []
    unpack(write_zip(tmp_path / "z.zip", members), tmp_path / "out", progress=lambda *call: calls.append(call))
    assert files_under(tmp_path / "out") == ["a/1.txt", "a/b/2.txt"]
    assert (tmp_path / "out" / "a" / "1.txt").read_bytes() == b"one"
    assert calls == [("unpack z.zip", 1, 2), ("unpack z.zip", 2, 2)]


@pytest.mark.parametrize(
    "name", ["../evil.txt", "a/../../evil.txt", "/evil.txt", "C:\\evil.txt", "..\\evil.txt", "c:x"]
)
def test_member_that_leaves_the_folder_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    archive = write_zip(tmp_path / "z.zip", {"good.txt": b"good", name: b"evil"})
    with pytest.raises(DataError, match="outside of its folder"):
        unpack(archive, tmp_path / "deep" / "out")
    assert files_under(tmp_path) == ["z.zip"]


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_special_files_are_refused(tmp_path: Path, kind: int) -> None:
    info = zipfile.ZipInfo("link")
    info.create_system = 3
    info.external_attr = (kind | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(DataError, match="link or a special file"):
        unpack(tmp_path / "z.zip", tmp_path / "out")
    assert files_under(tmp_path / "out") == []


def test_archive_above_the_size_bound_is_refused(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "z.zip", {"a": bytes(600), "b": bytes(600)})
    with pytest.raises(DataError, match="1200 bytes, more than 1000"):
        unpack(archive, tmp_path / "out", max_bytes=1000)
    unpack(archive, tmp_path / "out", max_bytes=1200)
    assert files_under(tmp_path / "out") == ["a", "b"]


def test_member_larger_than_it_states_does_not_pass_the_bound(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "z.zip", {"bomb": bytes(500_000)})
    content = path.read_bytes()
    size = struct.pack("<L", 500_000)
    assert content.count(size) == 2
    path.write_bytes(content.replace(size, struct.pack("<L", 10)))
    with pytest.raises(DataError, match="not a sound zip"):
        unpack(path, tmp_path / "out", max_bytes=1000)
    assert sum(file.stat().st_size for file in (tmp_path / "out").iterdir()) <= 1000


def test_name_that_occurs_twice_is_refused(tmp_path: Path) -> None:
    with warnings.catch_warnings(), zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("a", "1")
        archive.writestr("a", "2")
    with pytest.raises(DataError, match="occurs twice"):
        unpack(tmp_path / "z.zip", tmp_path / "out")


def test_encrypted_archive_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "z.zip", {"secret": b"x"})
    content = bytearray(path.read_bytes())
    # The general purpose flags of the local header and of the central directory.
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="is encrypted"):
        unpack(path, tmp_path / "out")


@pytest.mark.parametrize("keep", [0, 10, 500])
def test_truncated_archive_is_one_clear_error(tmp_path: Path, keep: int) -> None:
    path = write_zip(tmp_path / "z.zip", {f"{n}.txt": bytes([n]) * 1000 for n in range(50)})
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match="not a sound zip archive") as caught:
        unpack(path, tmp_path / "out")
    assert str(path) in caught.value.message


def test_member_with_changed_bytes_is_one_clear_error(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "z.zip", "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.txt", "the content of the file")
    content = (tmp_path / "z.zip").read_bytes()
    (tmp_path / "z.zip").write_bytes(content.replace(b"the content", b"The content"))
    with pytest.raises(DataError, match="Bad CRC-32"):
        unpack(tmp_path / "z.zip", tmp_path / "out")


def test_member_without_a_name_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "z.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr(zipfile.ZipInfo("a.txt"), b"one")
        opened.writestr(zipfile.ZipInfo(""), b"two")
    with pytest.raises(DataError, match="without a name"):
        unpack(archive, tmp_path / "out")
    assert files_under(tmp_path / "out") == []
