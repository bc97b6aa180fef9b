"""The picture of an audit: copies side by side, and suspicious masks over their images."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure, SubFigure
from numpy.typing import NDArray

from isicbench.data.audit import Audit, Finding, is_suspicious_mask
from isicbench.data.duplicates import Duplicate
from isicbench.data.gallery import CONTOUR_COLOUR, TEXT_COLOUR, TITLE_POINTS, draw_outline, save_png, shrink
from isicbench.data.image_traits import ImagePlace
from isicbench.data.images import ImageFileError, read_full_image, read_full_mask
from isicbench.data.perceptual_hash import ORIENTATIONS

COPIES_SHOWN = 12
MASKS_SHOWN = 12
COLUMNS = 4
"""Two copies a row, or four masks."""

SPACER_RATIO = 0.06
"""Between the two copies of a row, in columns."""

ROW_INCHES = 2.75
HEADING_INCHES = 0.45
ERROR_COLOUR = "#B3261E"
RING_COLOUR = "#D55E00"
FILL_ALPHA = 0.25


def draw_audit(audit: Audit, path: Path) -> Path | None:
    """Write a PNG of the first findings that can be seen, errors first; None, and no file, where there are none.

    Raises `DataError` for a path that cannot be written.
    """
    copies = [finding for finding in audit.findings if finding.duplicate]
    masks = [finding for finding in audit.findings if is_suspicious_mask(finding) or finding.kind == "constant_image"]
    sections = [
        (f"Copies: {_shown(copies, COPIES_SHOWN)}", copies[:COPIES_SHOWN], 2),
        (f"Masks and images to look at: {_shown(masks, MASKS_SHOWN)}", masks[:MASKS_SHOWN], 1),
    ]
    sections = [section for section in sections if section[1]]
    if not sections:
        return None
    heights = [_rows(findings, width) * ROW_INCHES + HEADING_INCHES for _, findings, width in sections]
    figure = Figure(figsize=(3.4 * COLUMNS, sum(heights)), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    parts = figure.subfigures(len(sections), 1, squeeze=False, height_ratios=heights)[:, 0]
    for part, (heading, findings, width) in zip(parts, sections, strict=True):
        part.suptitle(heading, color=TEXT_COLOUR)
        _draw_section(part, findings, width)
    return save_png(figure, path)


def _shown(findings: Sequence[Finding], limit: int) -> str:
    return str(len(findings)) if len(findings) <= limit else f"the first {limit} of {len(findings)}"


def _rows(findings: Sequence[Finding], width: int) -> int:
    return -(-len(findings) * width // COLUMNS)


def _draw_section(part: SubFigure, findings: Sequence[Finding], width: int) -> None:
    ratios = [1.0] * COLUMNS if width == 1 else [1.0, 1.0, SPACER_RATIO, 1.0, 1.0]
    grid = part.subplots(_rows(findings, width), len(ratios), squeeze=False, gridspec_kw={"width_ratios": ratios})
    for axes in grid.flat:
        axes.set_axis_off()
        axes.set_anchor("N")
    places = [axes for row in grid for axes, ratio in zip(row, ratios, strict=True) if ratio == 1]
    for number, finding in enumerate(findings):
        axes = places[number * width : (number + 1) * width]
        if finding.duplicate:
            _draw_copy(axes[0], axes[1], finding, finding.duplicate)
        else:
            _draw_mask(axes[0], finding)


def _draw_copy(left: Axes, right: Axes, finding: Finding, duplicate: Duplicate) -> None:
    _draw_image(left, duplicate.other)
    _draw_image(right, duplicate.image)
    first, second = _caption(duplicate)
    heading = f"LEAK: {first}" if finding.level == "error" else first
    _title(left, f"{heading}\n{_name(duplicate.other)}", finding)
    _title(right, f"{second}\n{_name(duplicate.image)}", finding)


def _caption(duplicate: Duplicate) -> tuple[str, str]:
    same = {"bytes": "same bytes", "pixels": "same pixels", "near": "same picture", "id": "same id"}[duplicate.same]
    if duplicate.same != "near":
        return same, ""
    turned = f", {ORIENTATIONS[duplicate.orientation]}" if duplicate.orientation else ""
    agreement = f", likeness {duplicate.likeness:.2f}" if duplicate.likeness is not None else ""
    return same + turned, f"{duplicate.distance} bits apart{agreement}"


def _name(place: ImagePlace) -> str:
    return f"{place.image_id}, {place.dataset + ', ' if place.dataset else ''}{place.split}"


def _title(axes: Axes, text: str, finding: Finding) -> None:
    colour = ERROR_COLOUR if finding.level == "error" else TEXT_COLOUR
    axes.set_title(text, fontsize=TITLE_POINTS, color=colour)


def _draw_image(axes: Axes, place: ImagePlace) -> NDArray[np.uint8] | None:
    """The picture, or a line that says why it is not there."""
    try:
        if place.pair is None:
            raise ImageFileError("only its hashes are on record")
        image = shrink(read_full_image(place.pair.image))
    except ImageFileError as error:
        axes.text(0.5, 0.5, str(error), ha="center", va="center", fontsize=TITLE_POINTS, color=TEXT_COLOUR, wrap=True)
        return None
    axes.imshow(image)
    return image


def _draw_mask(axes: Axes, finding: Finding) -> None:
    image = _draw_image(axes, finding.image)
    pair = finding.image.pair
    _title(axes, f"{_name(finding.image)}\n{_short(finding)}", finding)
    if image is None or pair is None:
        return
    lesion = read_full_mask(pair.mask)
    mask = shrink(lesion * np.uint8(255))
    tint = np.zeros((*mask.shape, 4))
    tint[..., :3] = to_rgb(CONTOUR_COLOUR)
    tint[..., 3] = FILL_ALPHA * (mask > 127)
    axes.imshow(tint, extent=(-0.5, image.shape[1] - 0.5, image.shape[0] - 0.5, -0.5))
    if mask.shape == image.shape[:2]:
        draw_outline(axes, mask)
    if finding.kind == "tiny_mask":
        rows, columns = np.nonzero(lesion)
        scale = image.shape[1] / lesion.shape[1]
        middle = columns.mean() * scale, rows.mean() * scale
        axes.plot(*middle, "o", markersize=22, markeredgewidth=2, markerfacecolor="none", color=RING_COLOUR)


def _short(finding: Finding) -> str:
    """The message without what every title would repeat."""
    return finding.message.removeprefix("its ").split(":")[0]
