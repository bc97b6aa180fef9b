"""The scores that a comparison rests on: for each experiment a matrix of seeds and images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from isicbench.evaluation.scales import Scale
from isicbench.records import EvaluationRecord, ImageMetric
from isicbench.report.experiments import Experiment, Outcome
from isicbench.report.source import ReportSource
from isicbench.report.wording import number_ranges


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExperimentScores:
    """One metric of an experiment's counted runs on the images that all of them were scored on."""

    label: str
    run_ids: tuple[int, ...]
    seeds: tuple[int, ...]
    dataset_fingerprint: str
    image_size_px: int
    """Side of the network's input."""
    image_ids: tuple[str, ...]
    scores: NDArray[np.float64]
    """`(seeds, images)`; NaN where a score was not computed."""
    lesion_pixels: Mapping[str, int]
    """Foreground pixels of each image's true mask."""


def read_scores(
    source: ReportSource, experiments: Sequence[Experiment], *, scale: Scale, split: str, resolution: str
) -> tuple[list[ExperimentScores], list[str]]:
    """Each experiment's scores in one question to the source, and a note on every counted run that has none."""
    run_ids = [outcome.run.id for experiment in experiments for outcome in experiment.counted]
    read = source.image_metric(run_ids, metric=scale.name, split=split, resolution=resolution)
    found, notes = [], []
    for experiment in experiments:
        alike = _on_one_dataset(experiment.counted, read)
        if alike:
            found.append(scores_of(experiment, alike, read))
        if missing := [outcome.run.id for outcome in experiment.counted if outcome not in alike]:
            plural = "run" if len(missing) == 1 else "runs"
            notes.append(
                f"{experiment.label}: {plural} {number_ranges(missing)} left out of the comparison, for want of "
                f"{scale.name} image by image on the {split} images at the {resolution} resolution."
            )
    return found, notes


def common_resolution(
    experiments: Sequence[Experiment], evaluations: Mapping[int, Sequence[EvaluationRecord]], *, split: str
) -> str:
    """`original` where every counted run was scored at it, but those of a cross-validation, else `training`."""
    run_ids = [outcome.run.id for e in experiments if not e.config.folds for outcome in e.counted]
    everywhere = all(
        any(e.final and (e.split, e.resolution) == (split, "original") for e in evaluations.get(run_id, ()))
        for run_id in run_ids
    )
    return "original" if run_ids and everywhere else "training"


def _on_one_dataset(outcomes: Sequence[Outcome], read: Mapping[int, ImageMetric]) -> list[Outcome]:
    """Those with scores, on the dataset of the newest of them."""
    scored = [outcome for outcome in outcomes if _has_scores(read.get(outcome.run.id))]
    if not scored:
        return []
    newest = read[max(outcome.run.id for outcome in scored)]
    return [o for o in scored if read[o.run.id].dataset_fingerprint == newest.dataset_fingerprint]


def _has_scores(metric: ImageMetric | None) -> bool:
    return metric is not None and any(isfinite(value) for value in metric.values.values())


def scores_of(experiment: Experiment, outcomes: Sequence[Outcome], read: Mapping[int, ImageMetric]) -> ExperimentScores:
    """Of outcomes that were scored on one dataset, at least one, each of which is in `read`."""
    metrics = [read[outcome.run.id] for outcome in outcomes]
    image_ids = sorted(set.intersection(*(set(metric.values) for metric in metrics)))
    return ExperimentScores(
        label=experiment.label,
        run_ids=tuple(outcome.run.id for outcome in outcomes),
        seeds=tuple(outcome.run.seed for outcome in outcomes),
        dataset_fingerprint=metrics[0].dataset_fingerprint,
        image_size_px=experiment.config.image_size_px,
        image_ids=tuple(image_ids),
        scores=np.array([[metric.values[image_id] for image_id in image_ids] for metric in metrics], np.float64),
        lesion_pixels=metrics[0].lesion_pixels,
    )
