"""A new picture is read as a viewer shows it."""

import numpy as np
import pytest
from PIL import Image, ImageOps

from isicbench.data.images import read_full_new_image, read_new_image


def save_turned(path, orientation, *, kind):
    pixels = np.random.default_rng(0).integers(0, 255, (48, 80, 3), np.uint8)
    exif = Image.Exif()
    exif[274] = orientation
    Image.fromarray(pixels).save(path, kind, exif=exif)
    return path


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_followed_in_every_format(tmp_path, orientation, kind):
    path = save_turned(tmp_path / "i", orientation, kind=kind)
    shown = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    assert np.array_equal(read_full_new_image(path), np.asarray(shown))
    sized = read_new_image(path, 64)
    assert sized.original_size == shown.size
    if kind != "JPEG":  # libjpeg may decode it at a smaller scale
        assert np.array_equal(sized.pixels, np.asarray(shown.resize((64, 64), Image.Resampling.BILINEAR)))


@pytest.mark.parametrize("exif", [b"Exif\0\0nonsense", b"Exif\0\0II*\0\x08\0\0\0\xff\xff", b"Exif\0\0"])
def test_exif_that_cannot_be_read_turns_nothing(tmp_path, exif):
    path = tmp_path / "i.jpg"
    Image.new("RGB", (80, 48)).save(path, exif=exif)
    assert read_new_image(path, 32).original_size == (80, 48)


def test_orientation_that_does_not_exist_turns_nothing(tmp_path):
    assert read_new_image(save_turned(tmp_path / "i.png", 9, kind="PNG"), 32).original_size == (80, 48)
