"""Picture files of every kind that may lie where an image or a mask is expected."""

import io
import random
import struct
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image

from tests.torture.nasty import damaged

Maker = Callable[[bytes, random.Random], bytes]


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _reopened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def _wide(content: bytes, _rng: random.Random) -> bytes:
    grey = np.asarray(_reopened(content).convert("L")).astype(np.uint16)
    return encoded(Image.fromarray(grey * 257), "PNG")


def _float(content: bytes, _rng: random.Random) -> bytes:
    grey = np.asarray(_reopened(content).convert("L")).astype(np.float32)
    grey[0, 0] = np.nan
    return encoded(Image.fromarray(grey), "TIFF")


def _rotated(content: bytes, rng: random.Random) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = rng.choice((0, 1, 3, 6, 8, 9, 65535))
    return encoded(_reopened(content).convert("RGB"), "JPEG", exif=exif)


def _other_size(content: bytes, rng: random.Random) -> bytes:
    sizes = ((1, 1), (20_000, 1), (1, 20_000), (20_000, 20), (64, 64), (3, 2))
    image = _reopened(content)
    return encoded(image.resize(rng.choice(sizes)), image.format or "PNG")


def _animated(content: bytes, _rng: random.Random) -> bytes:
    image = _reopened(content).convert("P")
    return encoded(image, "GIF", save_all=True, append_images=[image.rotate(90)])


def huge_header(content: bytes, _rng: random.Random) -> bytes:
    """A small PNG that says it is 20,000 px and more a side: a decompression bomb."""
    side = 60_000
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    row = zlib.compress(bytes(1 + side // 8) * 50)

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", row) + chunk(b"IEND", b"")


def text_bomb(content: bytes, _rng: random.Random) -> bytes:
    """A PNG whose compressed text grows to many times its size."""
    plain = encoded(_reopened(content).convert("L"), "PNG")
    body = b"Comment\0\0" + zlib.compress(bytes(80_000_000), 9)
    chunk = struct.pack(">I", len(body)) + b"zTXt" + body + struct.pack(">I", zlib.crc32(b"zTXt" + body))
    return plain[:33] + chunk + plain[33:]


MAKERS: dict[str, Maker] = {
    "damaged": damaged,
    "damaged again": damaged,
    "empty": lambda content, rng: b"",
    "text": lambda content, rng: b"no picture at all\n" * 20,
    "cmyk": lambda content, rng: encoded(_reopened(content).convert("CMYK"), "JPEG"),
    "grey jpeg": lambda content, rng: encoded(_reopened(content).convert("L"), "JPEG"),
    "palette": lambda content, rng: encoded(_reopened(content).convert("P"), "PNG"),
    "transparent palette": lambda content, rng: encoded(_reopened(content).convert("P"), "PNG", transparency=0),
    "alpha": lambda content, rng: encoded(_reopened(content).convert("RGBA"), "PNG"),
    "grey alpha": lambda content, rng: encoded(_reopened(content).convert("LA"), "PNG"),
    "one bit": lambda content, rng: encoded(_reopened(content).convert("1"), "PNG"),
    "16 bit": _wide,
    "float": _float,
    "rotated": _rotated,
    "progressive": lambda content, rng: encoded(_reopened(content).convert("RGB"), "JPEG", progressive=True),
    "other size": _other_size,
    "animated": _animated,
    "webp": lambda content, rng: encoded(_reopened(content).convert("RGB"), "WEBP"),
    "bmp": lambda content, rng: encoded(_reopened(content).convert("RGB"), "BMP"),
    "huge header": huge_header,
    "text bomb": text_bomb,
}


def other_picture(content: bytes, rng: random.Random) -> tuple[str, bytes]:
    """What was done, and the file's new content."""
    name = rng.choice(sorted(MAKERS))
    return name, MAKERS[name](content, rng)
