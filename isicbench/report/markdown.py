"""The report as Markdown with its curves and pictures, a pure function of the database's rows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from isicbench.records import RunRecord
from isicbench.report.contents import ReportContents, read_contents
from isicbench.report.curves import loss_curves, score_curves
from isicbench.report.files import write_file
from isicbench.report.pictures import prediction_pictures
from isicbench.report.predictions import read_predictions
from isicbench.report.scores import LEGEND, MACRO, MACRO_TITLE, MICRO, MICRO_TITLE
from isicbench.report.source import ReportSource
from isicbench.report.table import HEADINGS, has_seeds
from isicbench.report.threshold_curves import threshold_curves
from isicbench.report.wording import MISSING, duration, figure, memory, printable, rate

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~$])")
_BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FigurePaths:
    """The report's pictures, relative to it, with forward slashes."""

    loss: tuple[str, ...] = ()
    scores: tuple[str, ...] = ()
    thresholds: tuple[str, ...] = ()
    predictions: tuple[str, ...] = ()


def write_markdown(source: ReportSource, runs: Sequence[RunRecord], *, out: Path) -> list[Path]:
    """Write `report.md` and its PNGs into the folder `out` and return the paths, the report first.

    The text is written last, so that it never names a picture that is not there yet. Raises `IsicbenchError` when
    there are no runs or the folder cannot be written.
    """
    contents = read_contents(source, runs)
    predictions = read_predictions(source, contents.detailed)
    pictures = {
        "curves/loss": loss_curves(contents.detailed),
        "curves/scores": score_curves(contents.detailed),
        "curves/thresholds": threshold_curves(contents.detailed, contents.probabilities),
        "predictions/predictions": prediction_pictures(predictions.columns),
    }
    named = {stem: _named(stem, images) for stem, images in pictures.items()}
    written = [write_file(out / name, image) for images in named.values() for name, image in images.items()]
    paths = FigurePaths(
        loss=tuple(named["curves/loss"]),
        scores=tuple(named["curves/scores"]),
        thresholds=tuple(named["curves/thresholds"]),
        predictions=tuple(named["predictions/predictions"]),
    )
    text = render_markdown(contents, paths, without_predictions=predictions.without)
    return [write_file(out / "report.md", text.encode()), *written]


def render_markdown(contents: ReportContents, figures: FigurePaths, *, without_predictions: Sequence[str] = ()) -> str:
    """The report's text; every name in it is escaped."""
    text = (
        _environment()
        .get_template("report.md.j2")
        .render(
            report=contents,
            figures=figures,
            headings=HEADINGS,
            seeded=has_seeds(contents.rows),
            missing=MISSING,
            macro=MACRO,
            micro=MICRO,
            macro_title=MACRO_TITLE,
            micro_title=MICRO_TITLE,
            score_legend=LEGEND,
            without_predictions=without_predictions,
        )
    )
    return _BLANK_LINES.sub("\n\n", text).strip() + "\n"


def escape_markdown(text: str) -> str:
    """Text that Markdown shows as it is, in a table's cell too: on one line, no markup, no HTML."""
    return _SPECIAL.sub(r"\\\1", printable(text).replace("&", "&amp;"))


def _named(stem: str, images: Sequence[bytes]) -> dict[str, bytes]:
    if len(images) == 1:
        return {f"{stem}.png": images[0]}
    return {f"{stem}-{place}.png": image for place, image in enumerate(images, start=1)}


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("isicbench.report"),
        undefined=StrictUndefined,
        autoescape=False,  # Markdown, not HTML: `md` escapes each name
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "md": escape_markdown,
        "figure": figure,
        "duration": duration,
        "rate": rate,
        "memory": memory,
    }
    return environment
