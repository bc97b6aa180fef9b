"""One drawn dermoscopy-like picture with its mask.

Everything is drawn on a canvas of about 512 px, enlarged, and given a fine grain, so that a 12-megapixel picture costs
little more than a small one. Colours are floats from 0 to 1; `x` runs along the width, in units of the canvas's width.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from isicbench.data import synthetic_artifacts as artifacts
from isicbench.data.synthetic_field import Canvas, Field, clouds, enlarge, smooth_step

CANVAS_WIDTH = 512
GRAIN_TILE_PX = 256

SKINS = ((0.87, 0.68, 0.58), (0.91, 0.77, 0.69), (0.83, 0.65, 0.52), (0.90, 0.70, 0.63), (0.86, 0.75, 0.66))
BROWNS = ((0.47, 0.28, 0.17), (0.36, 0.20, 0.13), (0.56, 0.36, 0.22), (0.27, 0.15, 0.11), (0.60, 0.40, 0.32))
DARK = (0.12, 0.08, 0.08)
BLUE_GREY = (0.40, 0.43, 0.50)
PALE = (0.88, 0.76, 0.72)

Colours = NDArray[np.float32]
"""(H, W, 3)."""


def draw_picture(size: tuple[int, int], *, random: np.random.Generator) -> tuple[Image.Image, Image.Image]:
    """An RGB picture and its mask (8-bit grey, 0 or 255), both of `size` (width, height)."""
    canvas = Canvas.of(size, width=CANVAS_WIDTH)
    field = lesion_field(canvas, random=random)
    colours = paint_skin(canvas, random=random)
    colours = paint_lesion(colours, field, canvas, random=random)
    colours = artifacts.add_some(colours, field, canvas, random=random)
    colours = light(colours, canvas, random=random)
    return _full_size_picture(colours, size, random=random), _full_size_mask(field, size)


def lesion_field(canvas: Canvas, *, random: np.random.Generator) -> Field:
    """(H, W): below 0 inside of the lesion, about 1 at one radius outside of its border.

    The outline is a bent ellipse with harmonics; the lesion's share of the picture is drawn from a wide distribution
    with a mean like that of ISIC 2016.
    """
    bend = 0.03 + 0.05 * random.random()
    x = canvas.x - canvas.width_units / 2 - random.normal(0, 0.06) + bend * (clouds(canvas, 3, random=random) - 0.5)
    y = canvas.y - canvas.height_units / 2 - random.normal(0, 0.05) + bend * (clouds(canvas, 3, random=random) - 0.5)
    turn = random.uniform(0, np.pi)
    stretch = random.uniform(1.0, 1.55)
    along = (x * np.cos(turn) + y * np.sin(turn)) / stretch
    across = y * np.cos(turn) - x * np.sin(turn)
    distance = np.hypot(along, across) / _outline(np.arctan2(across, along), random=random)
    share = float(np.clip(random.beta(1.25, 2.9), 0.025, 0.8))
    radius = np.quantile(distance, share)
    return np.asarray(distance / radius - 1, np.float32)


def _outline(angle: Field, *, random: np.random.Generator) -> Field:
    """The radius (about 1) at each angle: smooth for some lesions, notched for others."""
    roughness = random.uniform(0.04, 0.16)
    angles = np.linspace(-np.pi, np.pi, 721)
    radius = np.ones_like(angles)
    for harmonic in range(2, 24):
        amplitude = roughness * random.normal() / harmonic**0.9
        radius += amplitude * np.cos(harmonic * angles + random.uniform(0, 2 * np.pi))
    return np.asarray(np.interp(angle, angles, np.maximum(radius, 0.35)), np.float32)


def paint_skin(canvas: Canvas, *, random: np.random.Generator) -> Colours:
    """Skin with blotches, furrows and some freckles."""
    tone = (np.array(SKINS[random.integers(len(SKINS))]) + random.normal(0, 0.012, 3)) * random.uniform(0.88, 1.05)
    redness = (clouds(canvas, 5, random=random) - 0.3) * random.uniform(0.01, 0.08)
    texture = (clouds(canvas, 48, random=random) - 0.5) * 0.035 + (clouds(canvas, 140, random=random) - 0.5) * 0.04
    furrows = _furrows(canvas, random=random) * random.uniform(0.0, 0.05)
    blood = np.array((0.3, -1.0, -0.8), np.float32)
    skin = np.clip(tone, 0, 0.97).astype(np.float32) + (texture - furrows)[..., None] + redness[..., None] * blood
    spots = clouds(canvas, 40, random=random) * (0.55 + 0.45 * clouds(canvas, 9, random=random))
    freckles = smooth_step(spots, 0.60, 0.90) * random.choice((0.0, 0.0, 0.45))
    return blend(np.asarray(skin, np.float32), (0.68, 0.46, 0.32), freckles)


def _furrows(canvas: Canvas, *, random: np.random.Generator) -> Field:
    """The skin's fine crossing lines, from 0 to 1."""
    lines = np.zeros(canvas.shape, np.float32)
    for _ in range(2):
        turn = random.uniform(0, np.pi)
        along = canvas.x * np.cos(turn) + canvas.y * np.sin(turn) + 0.06 * clouds(canvas, 7, random=random)
        wave = np.sin(along * np.float32(random.uniform(110, 170)))
        lines += (wave * wave) ** 3
    return lines * clouds(canvas, 9, random=random)


def paint_lesion(skin: Colours, field: Field, canvas: Canvas, *, random: np.random.Generator) -> Colours:
    """The lesion over the skin: from barely visible to nearly black, with a sharp or a fading border."""
    softness = random.uniform(0.03, 0.22)
    ragged = field + (clouds(canvas, 34, random=random) - 0.5) * softness * 1.2
    coverage = 1 - smooth_step(ragged, -softness, softness)
    contrast = random.beta(2.2, 1.3) * 0.72 + 0.25
    pigment = _pigment(field, canvas, random=random)
    return blend(skin, pigment, coverage * contrast)


def _pigment(field: Field, canvas: Canvas, *, random: np.random.Generator) -> Colours:
    brown, second = (np.array(BROWNS[i]) for i in random.choice(len(BROWNS), 2, replace=False))
    zones = smooth_step(clouds(canvas, int(random.integers(3, 8)), random=random), 0.38, 0.62)
    colours: Colours = np.asarray(brown + zones[..., None] * (second - brown), np.float32)
    core = smooth_step(-field, 0.15, 0.95) * random.uniform(-0.12, 0.14)
    mottle = (clouds(canvas, 24, random=random) - 0.5) * 0.20 + (clouds(canvas, 70, random=random) - 0.5) * 0.16
    colours = np.asarray(colours * (1 + (mottle - core) * 1.3)[..., None], np.float32)
    for chance, structure in STRUCTURES:
        if random.random() < chance:
            colours = structure(colours, canvas, random)
    return colours


def _network(colours: Colours, canvas: Canvas, random: np.random.Generator) -> Colours:
    """Pigment network: dark lines around pale holes."""
    scale = int(random.integers(64, 100))
    ridges = (1 - np.abs(clouds(canvas, scale, random=random) - 0.5) * 5 for _ in range(2))
    where = smooth_step(clouds(canvas, 4, random=random), 0.35, 0.75)
    return blend(colours, DARK, np.clip(np.maximum(*ridges), 0, 1) * where * random.uniform(0.2, 0.45))


def _globules(colours: Colours, canvas: Canvas, random: np.random.Generator) -> Colours:
    """Dark dots and globules."""
    dots = smooth_step(clouds(canvas, int(random.integers(55, 95)), random=random), 0.72, 0.92)
    where = smooth_step(clouds(canvas, 5, random=random), 0.4, 0.7)
    return blend(colours, DARK, dots * where * random.uniform(0.4, 0.8))


def _veil(colours: Colours, canvas: Canvas, random: np.random.Generator) -> Colours:
    """Blue-grey veil."""
    where = smooth_step(clouds(canvas, 5, random=random), 0.5, 0.95)
    return blend(colours, BLUE_GREY, where * random.uniform(0.35, 0.75))


def _regression(colours: Colours, canvas: Canvas, random: np.random.Generator) -> Colours:
    """Pale scar-like areas."""
    where = smooth_step(clouds(canvas, 6, random=random), 0.55, 0.95)
    return blend(colours, PALE, where * random.uniform(0.3, 0.65))


Structure = Callable[[Colours, Canvas, np.random.Generator], Colours]
STRUCTURES: tuple[tuple[float, Structure], ...] = (
    (0.45, _network),
    (0.35, _globules),
    (0.25, _veil),
    (0.25, _regression),
)


def light(colours: Colours, canvas: Canvas, *, random: np.random.Generator) -> Colours:
    """Uneven illumination, and for some pictures the dark round edge of the dermatoscope."""
    x = canvas.x - canvas.width_units / 2
    y = canvas.y - canvas.height_units / 2
    slope = random.normal(0, 0.10, 2)
    lit = 1 + slope[0] * x + slope[1] * y - random.uniform(0.0, 0.45) * (x**2 + y**2)
    colours = colours * np.asarray(lit, np.float32)[..., None]
    if random.random() < 0.2:
        rim = random.uniform(0.50, 0.62)
        distance = np.hypot(x - random.normal(0, 0.015), y - random.normal(0, 0.015))
        colours = blend(colours, (0.03, 0.025, 0.03), smooth_step(distance, rim - 0.006, rim + 0.012))
    return colours


def blend(under: Colours, over: Colours | tuple[float, float, float], share: Field) -> Colours:
    """`over` on `under`, `share` from 0 to 1 at each pixel."""
    return np.asarray(under + share[..., None] * (np.asarray(over, np.float32) - under), np.float32)


def _full_size_picture(colours: Colours, size: tuple[int, int], *, random: np.random.Generator) -> Image.Image:
    small = Image.fromarray((np.clip(colours, 0, 1) * 255).astype(np.uint8))
    pixels = np.asarray(small.resize(size, Image.Resampling.BICUBIC), np.uint8)
    tile = np.round(random.normal(0, random.uniform(1.0, 3.0), (GRAIN_TILE_PX, GRAIN_TILE_PX, 3))).astype(np.int16)
    rows, columns = (-(-length // GRAIN_TILE_PX) for length in pixels.shape[:2])
    grain = np.tile(tile, (rows, columns, 1))[: pixels.shape[0], : pixels.shape[1]]
    return Image.fromarray(np.clip(grain + pixels, 0, 255).astype(np.uint8))


def _full_size_mask(field: Field, size: tuple[int, int]) -> Image.Image:
    return Image.fromarray(np.where(enlarge(field, size) < 0, 255, 0).astype(np.uint8))
