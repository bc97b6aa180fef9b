"""Zips from elsewhere: sound ones, and every kind that is not."""

import io
import random
import stat
import struct
import warnings
import zipfile

from isicbench.data.layout import FOLDERS
from tests.torture.nasty import damaged, file_name

SLIPS = (
    "../up.jpg",
    "/abs.jpg",
    "a/../../up.jpg",
    "C:\\x.jpg",
    "..\\up.jpg",
    "a\\..\\..\\up",
    "",
    ".",
    "..",
    "a//b",
    "a/",
)


def other_zip(content: bytes, rng: random.Random) -> tuple[str, bytes]:
    """What kind of archive it is, and its bytes; `content` is a picture to put in."""
    kind = rng.choice(
        ("sound", "names", "slip", "link", "bomb", "lying bomb", "encrypted", "twice", "damaged", "clash")
    )
    members = {f"{folder}/ISIC_000000{n}.jpg": content for folder in FOLDERS for n in range(2)}
    if kind == "names":
        members |= {f"{rng.choice(FOLDERS)}/{file_name(rng)}.jpg": content for _ in range(3)}
    elif kind == "slip":
        members[rng.choice(SLIPS)] = content
    elif kind == "bomb":
        members["zeros"] = bytes(40_000_000)
    elif kind == "clash":
        members[FOLDERS[0]] = content
    archive = _zip(members, twice=kind == "twice", link=kind == "link")
    if kind == "damaged":
        archive = damaged(archive, rng)
    elif kind == "encrypted":
        archive = archive.replace(b"PK\x03\x04\x14\x00\x00\x00", b"PK\x03\x04\x14\x00\x01\x00")
        archive = archive.replace(b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00")
    elif kind == "lying bomb":
        archive = archive.replace(struct.pack("<L", len(content)), struct.pack("<L", rng.choice((1, 2**31, 2**32 - 2))))
    return kind, archive


def _zip(members: dict[str, bytes], *, twice: bool, link: bool) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")
        for name, content in members.items():
            archive.writestr(
                zipfile.ZipInfo(name.encode("utf-8", "replace").decode()), content, zipfile.ZIP_DEFLATED, 1
            )
        if twice:
            archive.writestr(next(iter(members)), b"again")
        if link:
            info = zipfile.ZipInfo("link")
            info.create_system = 3
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, "/etc/passwd")
    return buffer.getvalue()
