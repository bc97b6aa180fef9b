"""What the database keeps of the predictions on sample images, decoded and chosen for drawing."""

import textwrap
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from isicbench.errors import StoreError
from isicbench.records import PredictionRecord, SampleRecord
from isicbench.report.experiments import Experiment, Outcome
from isicbench.report.source import ReportSource

Mask = NDArray[np.bool_]
Sampled = tuple[SampleRecord, PredictionRecord]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One experiment's predictions in a picture, all from one run."""

    experiment: Experiment
    outcome: Outcome
    sampled: Mapping[str, Sampled]

    @property
    def heading(self) -> str:
        lines = textwrap.wrap(self.experiment.label, 19)[:4]
        run = self.outcome.run
        return "\n".join([*lines, f"run {run.id}, seed {run.seed}"])

    @property
    def threshold(self) -> float:
        """What the run's test set was scored at."""
        evaluation = self.outcome.evaluation
        return evaluation.threshold if evaluation else self.experiment.config.threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """What there is to draw: the columns, and the labels of experiments that have no predictions yet."""

    columns: tuple[Column, ...]
    without: tuple[str, ...]


def read_predictions(source: ReportSource, experiments: Sequence[Experiment]) -> Predictions:
    """Each experiment's predictions from its first seed that has any, completed runs first.

    Two questions to the source, however many experiments there are, and the pictures of one run an experiment.
    """
    drawable = source.runs_with_predictions([o.run.id for experiment in experiments for o in experiment.leading])
    chosen = [(experiment, _drawn_outcome(experiment, drawable)) for experiment in experiments]
    sampled = source.predictions([outcome.run.id for _, outcome in chosen if outcome])
    return Predictions(
        columns=tuple(
            Column(experiment=experiment, outcome=outcome, sampled=_by_image(sampled[outcome.run.id]))
            for experiment, outcome in chosen
            if outcome
        ),
        without=tuple(experiment.label for experiment, outcome in chosen if outcome is None),
    )


def by_dataset(columns: Sequence[Column]) -> list[list[Column]]:
    """The columns that can share their images."""
    groups: dict[tuple[str, str], list[Column]] = {}
    for column in columns:
        config = column.experiment.config
        groups.setdefault((config.dataset, config.dataset_fingerprint), []).append(column)
    return list(groups.values())


def shared_samples(columns: Sequence[Column], *, most: int) -> list[SampleRecord]:
    """The same images for every column: those that most of them have, in the first one's order."""
    found: dict[str, SampleRecord] = {}
    for column in columns:
        for image_id, (sample, _) in column.sampled.items():
            found.setdefault(image_id, sample)
    everywhere = [image_id for image_id in found if all(image_id in column.sampled for column in columns)]
    chosen = (everywhere or list(found))[:most]
    return [found[image_id] for image_id in chosen]


def predicted_mask(sample: SampleRecord, prediction: PredictionRecord, *, threshold: float) -> tuple[Mask, Mask, float]:
    """The true mask, the predicted one (probability above the threshold), both (H, W), and the highest probability."""
    truth = decode_picture(sample.mask_png, mode="L") > 127
    picture = Image.open(BytesIO(prediction.probabilities_png)).convert("L")
    if picture.size != (truth.shape[1], truth.shape[0]):
        picture = picture.resize((truth.shape[1], truth.shape[0]), Image.Resampling.BILINEAR)
    probabilities = np.asarray(picture, dtype=np.float64) / 255
    return truth, probabilities > threshold, float(probabilities.max())


def dice(truth: Mask, predicted: Mask) -> float:
    """Dice of two masks; 1 where both are empty, as in the challenge's scorer."""
    total = int(truth.sum()) + int(predicted.sum())
    return 2 * int((truth & predicted).sum()) / total if total else 1.0


def decode_picture(content: bytes, *, mode: str) -> NDArray[np.uint8]:
    """The pixels of a stored picture; raises `StoreError` where they cannot be read."""
    try:
        return np.asarray(Image.open(BytesIO(content)).convert(mode), dtype=np.uint8)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise StoreError(
            f"a picture in the database cannot be decoded ({type(error).__name__})",
            hint="See what else is damaged: isicbench db check. Then take the last backup.",
        ) from error


def _drawn_outcome(experiment: Experiment, drawable: Set[int]) -> Outcome | None:
    in_order = sorted(experiment.leading, key=lambda outcome: not outcome.counted)
    return next((outcome for outcome in in_order if outcome.run.id in drawable), None)


def _by_image(sampled: Sequence[Sampled]) -> dict[str, Sampled]:
    return {sample.image_id: (sample, prediction) for sample, prediction in sampled}
