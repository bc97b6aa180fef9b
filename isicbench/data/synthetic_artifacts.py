"""What lies on the skin in dermoscopy pictures besides the lesion: hairs, ink, rulers, stickers, gel bubbles."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from isicbench.data.synthetic_field import Canvas, Field, clouds, smooth_step

Colours = NDArray[np.float32]
Colour = tuple[float, float, float]
Point = tuple[float, float]
Artifact = Callable[[Colours, Field, Canvas, np.random.Generator], Colours]

OVERSAMPLING = 3
HAIR_COLOURS: tuple[Colour, ...] = ((0.13, 0.09, 0.08), (0.30, 0.19, 0.12), (0.55, 0.42, 0.30))
STICKER_COLOURS: tuple[Colour, ...] = ((0.10, 0.55, 0.85), (0.95, 0.82, 0.15), (0.25, 0.70, 0.65), (0.95, 0.50, 0.12))
INK_COLOURS: tuple[Colour, ...] = ((0.28, 0.16, 0.45), (0.12, 0.20, 0.50))


def add_some(colours: Colours, field: Field, canvas: Canvas, *, random: np.random.Generator) -> Colours:
    """Each kind of artifact with its own chance."""
    for chance, artifact in ARTIFACTS:
        if random.random() < chance:
            colours = artifact(colours, field, canvas, random)
    return np.clip(colours, 0, 1)


def hairs(colours: Colours, field: Field, canvas: Canvas, random: np.random.Generator) -> Colours:
    """Bent tapering hairs of one colour, mostly in one direction."""
    del field
    layer = _Layer(canvas)
    direction = random.uniform(0, np.pi)
    for _ in range(int(random.gamma(1.2, 8)) + 2):
        turn = direction + random.normal(0, 0.45)
        length = random.uniform(0.15, 0.6)
        middle = (random.uniform(0, 1), random.uniform(0, canvas.height_units))
        step = (np.cos(turn) * length / 2, np.sin(turn) * length / 2)
        bow = (middle[0] + random.normal(0, 0.06), middle[1] + random.normal(0, 0.06))
        start, end = (middle[0] - step[0], middle[1] - step[1]), (middle[0] + step[0], middle[1] + step[1])
        layer.curve(_bezier(start, bow, end), width=random.uniform(0.0016, 0.0034))
    colour = HAIR_COLOURS[random.choice(len(HAIR_COLOURS), p=(0.5, 0.35, 0.15))]
    return _over(colours, colour, layer.coverage() * random.uniform(0.65, 0.95))


def ink(colours: Colours, field: Field, canvas: Canvas, random: np.random.Generator) -> Colours:
    """Strokes of a marker pen beside the lesion; the skin shows through."""
    layer = _Layer(canvas)
    for _ in range(random.integers(1, 4)):
        turn = random.uniform(0, 2 * np.pi)
        start = (0.5 + 0.47 * np.cos(turn), canvas.height_units / 2 + 0.36 * np.sin(turn))
        bow = (start[0] + random.normal(0, 0.08), start[1] + random.normal(0, 0.08))
        end = (start[0] + random.normal(0, 0.14), start[1] + random.normal(0, 0.14))
        layer.curve(_bezier(start, bow, end), width=random.uniform(0.012, 0.028))
    worn = 0.55 + 0.45 * clouds(canvas, 60, random=random)
    beside = smooth_step(field, 0.05, 0.12)
    colour = INK_COLOURS[random.integers(len(INK_COLOURS))]
    return _over(colours, colour, layer.coverage() * worn * beside * random.uniform(0.5, 0.85))


def ruler(colours: Colours, field: Field, canvas: Canvas, random: np.random.Generator) -> Colours:
    """A scale of millimetres near the lower or the upper edge, slightly turned."""
    del field
    layer = _Layer(canvas)
    width = 0.0024
    spacing = random.uniform(0.022, 0.04)
    turn = random.normal(0, 0.12)
    along, across = np.array((np.cos(turn), np.sin(turn))), np.array((-np.sin(turn), np.cos(turn)))
    is_low = random.random() < 0.7
    count = random.integers(12, 24)
    middle = np.array((random.uniform(0.35, 0.65), canvas.height_units * (0.9 if is_low else 0.1)))
    start = middle - along * spacing * count / 2
    layer.curve([_point(start), _point(start + along * spacing * count)], width=width)
    for tick in range(count + 1):
        foot = start + along * spacing * tick
        length = 0.026 if tick % 5 == 0 else 0.014
        layer.curve([_point(foot), _point(foot - across * length * (1 if is_low else -1))], width=width)
    return _over(colours, (0.12, 0.11, 0.12), layer.coverage() * 0.85)


def sticker(colours: Colours, field: Field, canvas: Canvas, random: np.random.Generator) -> Colours:
    """A round coloured patch at the border of the picture."""
    turn = random.uniform(0, 2 * np.pi)
    radius = random.uniform(0.16, 0.26)
    x = canvas.x - (0.5 + 0.58 * np.cos(turn))
    y = canvas.y - canvas.height_units * (0.5 + 0.6 * np.sin(turn))
    distance = np.hypot(x, y) / radius
    cloth = 0.92 + 0.16 * (clouds(canvas, 160, random=random) - 0.5)
    colour = np.array(STICKER_COLOURS[random.integers(len(STICKER_COLOURS))], np.float32)
    shade = smooth_step(distance, 1.10, 0.98) * 0.25
    # A lesion stays on top: nobody covers what is to be photographed.
    beside = smooth_step(field, 0.02, 0.10)
    shaded = colours * (1 - shade * beside)[..., None]
    cover = (smooth_step(-distance, -1.0, -0.985) * beside)[..., None]
    return np.asarray(shaded + cover * (colour * cloth[..., None] - shaded), np.float32)


def bubbles(colours: Colours, field: Field, canvas: Canvas, random: np.random.Generator) -> Colours:
    """Bubbles of the contact gel: a thin bright ring with a dark inner edge and a glint."""
    del field
    for _ in range(random.integers(1, 9)):
        x = canvas.x - random.uniform(0, 1)
        y = canvas.y - random.uniform(0, canvas.height_units)
        radius = random.gamma(2.0, 0.008) + 0.006
        distance = np.hypot(x, y) / radius
        ring = np.exp(-(((distance - 1) / 0.12) ** 2)) * 0.20
        inner = np.exp(-(((distance - 0.8) / 0.12) ** 2)) * 0.14
        glint = np.exp(-((np.hypot(x + radius * 0.4, y + radius * 0.4) / (radius * 0.16)) ** 2)) * 0.6
        colours = colours + np.asarray(ring - inner + glint, np.float32)[..., None]
    return colours


ARTIFACTS: Sequence[tuple[float, Artifact]] = (
    (0.10, ink),
    (0.08, sticker),
    (0.14, ruler),
    (0.55, hairs),
    (0.20, bubbles),
)


class _Layer:
    """Strokes of full coverage, drawn larger and scaled down so that they are smooth."""

    def __init__(self, canvas: Canvas) -> None:
        self.height, self.width = canvas.shape
        self.image = Image.new("L", (self.width * OVERSAMPLING, self.height * OVERSAMPLING))
        self.draw = ImageDraw.Draw(self.image)

    def curve(self, points: Sequence[Point], *, width: float) -> None:
        """A line through points, `width` in units of the canvas's width."""
        scale = self.width * OVERSAMPLING
        pixels = [(x * scale, y * scale) for x, y in points]
        self.draw.line(pixels, fill=255, width=max(round(width * scale), 1), joint="curve")

    def coverage(self) -> Field:
        small = self.image.resize((self.width, self.height), Image.Resampling.BOX)
        return np.asarray(small.filter(ImageFilter.GaussianBlur(0.5)), np.float32) / np.float32(255)


def _bezier(start: Point, bow: Point, end: Point) -> list[Point]:
    return [
        tuple((1 - t) ** 2 * a + 2 * t * (1 - t) * b + t**2 * c for a, b, c in zip(start, bow, end, strict=True))
        for t in np.linspace(0, 1, 24)
    ]


def _point(values: NDArray[np.float64]) -> Point:
    return float(values[0]), float(values[1])


def _over(under: Colours, colour: Colour, share: Field) -> Colours:
    return np.asarray(under + share[..., None] * (np.array(colour, np.float32) - under), np.float32)
