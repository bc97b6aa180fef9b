"""How a file says that its picture is turned (EXIF tag 274), and turning it upright."""

import struct

from PIL import ExifTags, Image

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a picture of each orientation upright; 1 is upright as it stands."""

SIDEWAYS = (5, 6, 7, 8)
"""Orientations that swap width and height."""


def orientation(image: Image.Image) -> int:
    """1 to 8; 1 where the file says nothing, or nothing that can be read, as viewers take it.

    Also 1 for a TIFF, which Pillow turns itself as it decodes it.
    """
    if image.format == "TIFF":
        return 1
    try:
        found = image.getexif().get(ExifTags.Base.Orientation, 1)
    except (OSError, ValueError, TypeError, SyntaxError, LookupError, struct.error):
        return 1
    return found if found in TURNS else 1


def upright(pixels: Image.Image, orientation: int) -> Image.Image:
    """The picture turned as its orientation says."""
    return pixels.transpose(TURNS[orientation]) if orientation in TURNS else pixels
