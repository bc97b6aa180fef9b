"""Decoding of image and mask files: the one place where pixels are read."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from isicbench.data.orientation import SIDEWAYS, orientation, upright
from isicbench.data.packed_masks import pack_mask

MAX_PIXELS = 89_478_485
"""The largest width x height that is decoded: Pillow's own bound against decompression bombs."""

BYTES_READ_AT_END = 64
WIDE_MODES = ("I", "I;16", "I;16B", "I;16L", "I;16N", "F")

Size = tuple[int, int]
"""Width and height in pixels."""


class ImageFileError(Exception):
    """A file is not a sound picture; the text says why, without the file's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SizedImage:
    pixels: NDArray[np.uint8]
    """(size_px, size_px, 3) RGB."""
    original_size: Size


@dataclass(frozen=True, slots=True, kw_only=True)
class SizedMask:
    pixels: NDArray[np.uint8]
    """(size_px, size_px), 0 or 1."""
    original_size: Size
    packed: bytes
    """The mask at the file's own size, as `isicbench.data.packed_masks` packs it."""
    original_share: float
    """Foreground's share of the file's own pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GreyImage:
    pixels: NDArray[np.uint8]
    """(H, W)."""
    values: tuple[int, ...]
    """The different ones, ascending."""


def read_image(path: Path, size_px: int, *, mask_size: Size | None = None) -> SizedImage:
    """Decode a picture to RGB and stretch it to `size_px` x `size_px` (bilinear with antialiasing).

    A JPEG is decoded at the smallest of libjpeg's scales (1/8 .. 1) that still has twice the size asked for.
    The EXIF orientation is followed only where that makes the picture agree with `mask_size`: masks are drawn on the
    stored pixels, so a rotated picture beside an unrotated mask would be a silent error.
    Raises `ImageFileError`.
    """
    with _opened(path) as image:
        return _sized(path, image, size_px, turned=_turn_beside_mask(image, mask_size))


def read_new_image(path: Path, size_px: int) -> SizedImage:
    """As `read_image`, of a picture that no mask belongs to: turned as its EXIF orientation says. Raises
    `ImageFileError`."""
    with _opened(path) as image:
        return _sized(path, image, size_px, turned=orientation(image))


def read_mask(path: Path, size_px: int) -> SizedMask:
    """Decode a mask of two values, the larger one foreground; a mask of one value is empty (0) or full.

    Resized as 0/255 (bilinear with antialiasing), then foreground where above 127. Raises `ImageFileError`.
    """
    with _opened(path) as image:
        original_size = image.size
        black_white = _two_valued(_decoded(image, "L"))
    resized = black_white.resize((size_px, size_px), Image.Resampling.BILINEAR)
    foreground = np.asarray(black_white) > 127
    return SizedMask(
        pixels=(np.asarray(resized) > 127).astype(np.uint8),
        original_size=original_size,
        packed=pack_mask(foreground),
        original_share=np.count_nonzero(foreground) / foreground.size,  # as its mean, without a sum of floats
    )


def read_full_image(path: Path, *, mask_size: Size | None = None) -> NDArray[np.uint8]:
    """(H, W, 3) RGB at the file's own size, turned as in `read_image`. Raises `ImageFileError`."""
    with _opened(path) as image:
        turned = _turn_beside_mask(image, mask_size)
        return np.asarray(upright(_decoded(image, "RGB"), turned), np.uint8)


def read_full_new_image(path: Path) -> NDArray[np.uint8]:
    """(H, W, 3) RGB at the file's own size, turned as in `read_new_image`. Raises `ImageFileError`."""
    with _opened(path) as image:
        turned = orientation(image)
        return np.asarray(upright(_decoded(image, "RGB"), turned), np.uint8)


def read_full_mask(path: Path) -> NDArray[np.uint8]:
    """(H, W) 0 or 1 at the file's own size. Raises `ImageFileError`."""
    with _opened(path) as image:
        return (np.asarray(_two_valued(_decoded(image, "L"))) > 127).astype(np.uint8)


def read_grey(path: Path) -> GreyImage:
    """An 8-bit grey or black-and-white PNG as it stands, which is what the challenge takes as a mask.

    Raises `ImageFileError` for any other kind, whose values would have to be guessed at.
    """
    with _opened(path) as image:
        if image.format != "PNG":
            raise ImageFileError(f"is a {image.format} file, expected PNG")
        if image.mode not in ("1", "L"):
            raise ImageFileError(f"is not single-channel 8-bit grey (its mode is {image.mode})")
        grey = _decoded(image, "L")
    values = tuple(value for value, count in enumerate(grey.histogram()) if count)
    return GreyImage(pixels=np.asarray(grey, np.uint8), values=values)


def read_mask_levels(path: Path) -> tuple[NDArray[np.uint8], tuple[int, ...]]:
    """What `read_full_mask` gives, and the grey values that the file holds, ascending. Raises `ImageFileError`."""
    with _opened(path) as image:
        grey = _decoded(image, "L")
    levels = tuple(value for value, count in enumerate(grey.histogram()) if count)
    return (np.asarray(_two_valued(grey)) > 127).astype(np.uint8), levels


def read_size(path: Path) -> Size:
    """Width and height from the file's header. Raises `ImageFileError`."""
    with _opened(path) as image:
        return image.size


def _sized(path: Path, image: Image.Image, size_px: int, *, turned: int) -> SizedImage:
    _require_complete_jpeg(path, image)
    stored_size = image.size
    image.draft("RGB", (2 * size_px, 2 * size_px))
    is_whole = image.size == stored_size
    rgb = upright(_decoded(image, "RGB"), turned)
    upright_size = stored_size[::-1] if turned in SIDEWAYS else stored_size
    original_size = rgb.size if is_whole else upright_size
    resized = rgb.resize((size_px, size_px), Image.Resampling.BILINEAR)
    return SizedImage(pixels=np.asarray(resized, np.uint8), original_size=original_size)


def _opened(path: Path) -> Image.Image:
    _require_file(path)
    try:
        image = Image.open(path)
    except UnidentifiedImageError:
        raise ImageFileError("not an image file") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ImageFileError(f"has more than {MAX_PIXELS} pixels") from None
    except (OSError, ValueError, SyntaxError) as error:
        raise ImageFileError(_reason(error)) from None
    width, height = image.size
    if width * height > MAX_PIXELS:
        image.close()
        raise ImageFileError(f"{width}x{height} is more than {MAX_PIXELS} pixels")
    return image


def _require_file(path: Path) -> None:
    if path.is_dir():
        raise ImageFileError("is a folder, not a file")
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise ImageFileError("missing") from None
    except OSError as error:
        raise ImageFileError(f"cannot be read ({error.strerror})") from None
    if size == 0:
        raise ImageFileError("empty file (0 bytes)")


def _decoded(image: Image.Image, mode: str) -> Image.Image:
    try:
        image.load()
        if image.mode not in WIDE_MODES:
            return image.convert(mode)
        if mode == "L":
            return _narrowed(image)
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise ImageFileError(_reason(error)) from None
    raise ImageFileError("holds 16-bit or float values, expected 8-bit colour")


def _reason(error: Exception) -> str:
    return f"{'truncated' if 'truncated' in str(error).lower() else 'damaged'} ({error})"


def _narrowed(image: Image.Image) -> Image.Image:
    """A 16-bit or float mask as 8-bit, its values kept apart; Pillow's own conversion would clip them."""
    values = np.asarray(image, np.float64)
    peak = max(float(values.max()), 1.0)
    return Image.fromarray(np.round(values * (min(peak, 255.0) / peak)).astype(np.uint8))


def _two_valued(grey: Image.Image) -> Image.Image:
    if _is_black_and_white(grey):
        return grey
    values = [value for value, count in enumerate(grey.histogram()) if count]
    if len(values) > 2:
        raise ImageFileError(
            f"holds {len(values)} different values, a mask has two ({len(values) - 2} others than "
            f"{values[0]} and {values[-1]})"
        )
    foreground = max(values[-1], 1)
    return grey.point([255 if value >= foreground else 0 for value in range(256)])


def _is_black_and_white(grey: Image.Image) -> bool:
    """As almost every mask is; comparing takes a fraction of a histogram's time."""
    pixels = np.asarray(grey)
    return bool(np.count_nonzero(pixels == 0) + np.count_nonzero(pixels == 255) == pixels.size)


def _turn_beside_mask(image: Image.Image, mask_size: Size | None) -> int:
    """The orientation to follow: the file's where only that makes the picture agree with the mask, else 1."""
    if mask_size is None or image.size == mask_size or image.size[::-1] != mask_size:
        return 1
    found = orientation(image)
    return found if found in SIDEWAYS else 1


def _require_complete_jpeg(path: Path, image: Image.Image) -> None:
    """A file whose end was never written holds zeros there, which libjpeg would decode as a flat area."""
    if image.format != "JPEG":
        return
    with path.open("rb") as file:
        file.seek(-min(BYTES_READ_AT_END, path.stat().st_size), 2)
        if any(file.read()):
            return
    if not path.read_bytes().rstrip(b"\0").endswith(b"\xff\xd9"):
        raise ImageFileError("truncated (its end is all zeros)")
