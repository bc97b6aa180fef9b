"""What pixels come out of files of different kinds."""

from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from isicbench.data.images import ImageFileError, read_full_mask, read_image, read_mask


def save_mask(path: Path, values: tuple[int, int]) -> Path:
    mask = np.full((40, 60), values[0], np.uint8)
    mask[:20] = values[1]
    Image.fromarray(mask).save(path)
    return path


@pytest.mark.parametrize("values", [(0, 255), (0, 1), (0, 100), (7, 9)])
def test_larger_of_two_mask_values_is_foreground(tmp_path: Path, values: tuple[int, int]) -> None:
    mask = read_mask(save_mask(tmp_path / "m.png", values), 32)
    assert mask.original_size == (60, 40)
    assert mask.pixels[:16].all()
    assert not mask.pixels[16:].any()


@pytest.mark.parametrize(("value", "expected"), [(0, 0), (1, 1), (255, 1)])
def test_mask_of_one_value_is_empty_or_full(tmp_path: Path, value: int, expected: int) -> None:
    mask = read_mask(save_mask(tmp_path / "m.png", (value, value)), 32)
    assert (mask.pixels == expected).all()


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "I;16"])
def test_mask_reads_alike_in_every_png_mode(tmp_path: Path, mode: str) -> None:
    path = save_mask(tmp_path / "m.png", (0, 255))
    expected = read_full_mask(path)
    if mode == "I;16":
        Image.fromarray(expected.astype(np.uint16) * 65535).save(path)
    else:
        Image.open(path).convert(mode).save(path)
    assert Image.open(path).mode == mode
    assert np.array_equal(read_full_mask(path), expected)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_jpeg_of_every_colour_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "i.jpg"
    Image.new("RGB", (300, 200), (180, 180, 180)).convert(mode).save(path, quality=95)
    assert Image.open(path).mode == mode
    pixels = read_image(path, 32).pixels
    assert pixels.shape == (32, 32, 3)
    assert np.abs(pixels.astype(int) - 180).max() <= 3


def test_palette_image_becomes_rgb(tmp_path: Path) -> None:
    path = tmp_path / "i.png"
    Image.new("RGB", (64, 64), (200, 30, 90)).convert("P", palette=Image.Palette.ADAPTIVE).save(path)
    assert read_image(path, 32).pixels[5, 5].tolist() == [200, 30, 90]


def test_image_of_16_bits_is_refused_instead_of_clipped(tmp_path: Path) -> None:
    Image.fromarray(np.full((32, 32), 30_000, np.uint16)).save(tmp_path / "i.png")
    with pytest.raises(ImageFileError, match="16-bit"):
        read_image(tmp_path / "i.png", 32)


def save_turned(path: Path, orientation: int) -> Path:
    """Stored 80x40, the left half bright."""
    pixels = np.zeros((40, 80, 3), np.uint8)
    pixels[:, :40] = 255
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    Image.fromarray(pixels).save(path, quality=95, exif=exif)
    return path


def test_exif_orientation_is_ignored_where_the_mask_has_the_stored_size(tmp_path: Path) -> None:
    image = read_image(save_turned(tmp_path / "i.jpg", 6), 32, mask_size=(80, 40))
    assert image.original_size == (80, 40)
    assert image.pixels[:, :14].min() > 200
    assert image.pixels[:, 18:].max() < 50


def test_exif_orientation_is_followed_where_it_makes_the_sizes_agree(tmp_path: Path) -> None:
    image = read_image(save_turned(tmp_path / "i.jpg", 6), 32, mask_size=(40, 80))
    assert image.original_size == (40, 80)
    assert image.pixels[:14].min() > 200
    assert image.pixels[18:].max() < 50


def test_swapped_sizes_without_orientation_stay_a_mismatch(tmp_path: Path) -> None:
    assert read_image(save_turned(tmp_path / "i.jpg", 1), 32, mask_size=(40, 80)).original_size == (80, 40)


def test_scaled_decode_agrees_with_the_full_one(tmp_path: Path) -> None:
    x = np.linspace(0, 220, 2048)[None, :, None]
    y = np.linspace(0, 35, 1536)[:, None, None]
    picture = Image.fromarray(np.broadcast_to(x + y, (1536, 2048, 3)).astype(np.uint8))
    picture.save(tmp_path / "i.jpg", quality=95)
    full = np.asarray(picture.resize((128, 128), Image.Resampling.BILINEAR), int)
    assert np.abs(read_image(tmp_path / "i.jpg", 128).pixels - full).max() <= 3


def test_trailing_zeros_after_a_complete_jpeg_are_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "i.jpg"
    Image.new("RGB", (64, 64), (10, 200, 30)).save(path)
    path.write_bytes(path.read_bytes() + bytes(500))
    assert read_image(path, 32).original_size == (64, 64)


def test_scaled_decoding_differs_from_full_decoding_by_less_than_one_grey_value(sample_data):
    for path in sorted((sample_data / "isic_sample").rglob("*.jpg")):
        ours = read_image(path, 128).pixels.astype(int)
        with Image.open(path) as image:
            full = np.asarray(image.convert("RGB").resize((128, 128), Image.Resampling.BILINEAR)).astype(int)
        assert np.abs(ours - full).mean() < 1, path.name
