"""What is written of one image: its mask, the picture with its outline, the probabilities."""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from isicbench.data.images import ImageFileError, Size, read_full_new_image
from isicbench.data.verify import Fault
from isicbench.data.whole_file import write_whole
from isicbench.errors import DataError
from isicbench.prediction.outputs import Outputs
from isicbench.prediction.overlay import with_outline
from isicbench.scoring.upsampling import Mask, Probabilities, upsampled_mask

JPEG_QUALITY = 90


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Predicted:
    image: Path
    size: Size
    """The image's own, turned upright."""
    probabilities: Probabilities
    """(size_px, size_px) float32, of the network's stretched input."""


def write_predicted(item: Predicted, outputs: Outputs, *, threshold: float, origin: str) -> Fault | None:
    """Write the files of one image; none of them where its picture cannot be read a second time, for the overlay.

    Raises `DataError` where a file cannot be written.
    """
    width, height = item.size
    mask = upsampled_mask(item.probabilities, width=width, height=height, threshold=threshold)
    files = {outputs.mask_of(item.image): _png(mask.astype(np.uint8) * np.uint8(255), origin)}
    if outputs.overlay:
        try:
            files[outputs.overlay_of(item.image)] = _overlay(item.image, mask)
        except ImageFileError as error:
            return Fault(file=item.image, problem=str(error))
    if outputs.probabilities:
        files[outputs.probabilities_of(item.image)] = _png(_grey(item.probabilities, item.size), origin)
    for path, content in files.items():
        _write(path, content)
    return None


def _overlay(image: Path, mask: Mask) -> bytes:
    picture = read_full_new_image(image)
    if picture.shape[:2] != mask.shape:
        raise ImageFileError("changed while it was predicted")
    buffer = io.BytesIO()
    try:
        Image.fromarray(with_outline(picture, mask)).save(buffer, "JPEG", quality=JPEG_QUALITY)
    except OSError as error:  # a side of more than 65,500 pixels
        raise ImageFileError(f"its overlay cannot be a JPEG ({error})") from error
    return buffer.getvalue()


def _grey(probabilities: Probabilities, size: Size) -> NDArray[np.uint8]:
    """`(H, W)`: upsampled as the mask is, 255 for probability 1."""
    resized = Image.fromarray(probabilities).resize(size, Image.Resampling.BILINEAR)
    grey: NDArray[np.uint8] = np.rint(np.asarray(resized) * 255).astype(np.uint8)
    return grey


def _png(pixels: NDArray[np.uint8], origin: str) -> bytes:
    buffer, text = io.BytesIO(), PngInfo()
    text.add_itxt("Source", origin)
    Image.fromarray(pixels).save(buffer, "PNG", pnginfo=text)
    return buffer.getvalue()


def _write(path: Path, content: bytes) -> None:
    try:
        write_whole(path, content)
    except OSError as error:
        raise DataError(
            f"{path} cannot be written: {error.strerror or error}", hint="Check free space and permissions."
        ) from error
