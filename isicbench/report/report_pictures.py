"""Every picture of a report, by the name of its file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from isicbench.report.contents import ReportContents
from isicbench.report.cost_pictures import cost_pictures
from isicbench.report.curves import loss_curves, score_curves
from isicbench.report.pictures import prediction_pictures
from isicbench.report.predictions import read_predictions
from isicbench.report.source import ReportSource
from isicbench.report.style import Sheet
from isicbench.report.threshold_curves import threshold_curves


@dataclass(frozen=True, slots=True, kw_only=True)
class FigurePaths:
    """The report's pictures, relative to it, with forward slashes."""

    loss: tuple[str, ...] = ()
    scores: tuple[str, ...] = ()
    thresholds: tuple[str, ...] = ()
    costs: tuple[str, ...] = ()
    predictions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    paths: FigurePaths = field(default_factory=FigurePaths)
    files: Mapping[str, bytes] = field(default_factory=dict)
    without_predictions: tuple[str, ...] = ()
    """Labels of experiments that have no predictions to show."""


def draw_pictures(source: ReportSource, contents: ReportContents, sheet: Sheet) -> Pictures:
    """Losses, validation scores, thresholds and predicted masks of the detailed experiments, and scores against costs;
    none where there is nothing to draw."""
    predictions = read_predictions(source, contents.detailed)
    drawn = {
        "loss": _named("curves/loss", loss_curves(contents.detailed, sheet), sheet),
        "scores": _named("curves/scores", score_curves(contents.detailed, sheet), sheet),
        "thresholds": _named(
            "curves/thresholds", threshold_curves(contents.detailed, contents.probabilities, sheet), sheet
        ),
        "costs": _named("curves/costs", cost_pictures(contents.cost_lines, sheet), sheet),
        "predictions": _named("predictions/predictions", prediction_pictures(predictions.columns, sheet), sheet),
    }
    return Pictures(
        paths=FigurePaths(**{name: tuple(images) for name, images in drawn.items()}),
        files={path: image for images in drawn.values() for path, image in images.items()},
        without_predictions=predictions.without,
    )


def _named(stem: str, images: Sequence[bytes], sheet: Sheet) -> dict[str, bytes]:
    if len(images) == 1:
        return {f"{stem}.{sheet.kind}": images[0]}
    return {f"{stem}-{place}.{sheet.kind}": image for place, image in enumerate(images, start=1)}
