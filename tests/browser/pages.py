"""Studies to be rendered as pages."""

from collections.abc import Mapping

import numpy as np

from isicbench.config import Config
from isicbench.records import ImageScore, ProbabilityRecord, RunRecord, ThresholdScore
from tests.report.study_records import (
    COLLAPSE,
    FINGERPRINT,
    MemorySource,
    config,
    dataset,
    environment,
    epochs,
    evaluation,
    failed,
    predictions,
    run,
)

HOSTILE = "<script>alert(1)</script>"
"""An experiment's name."""
IMAGES = 24
SEEDS = 3
QUALITIES = {"Frozen": 0.2, "Fine-tuned": 0.75, HOSTILE: 0.6}


def large_study(qualities: Mapping[str, float] = QUALITIES) -> tuple[MemorySource, list[RunRecord]]:
    """Experiments of three seeds by name and Dice, a collapsed run, a failed one, curves, thresholds and pictures."""
    source, runs = MemorySource(records=[dataset()]), []
    for place, (name, quality) in enumerate(qualities.items()):
        chosen = config(frozen=place == 0, learning_rate=10.0 ** -(place + 2))
        for seed in range(SEEDS):
            runs.append(_completed(source, len(runs) + 1, chosen, name=name, seed=seed, quality=quality))
    runs.append(failed(len(runs) + 1, config=config(epochs=9), experiment="Too large", log_path="runs/10.log"))
    return source, runs


def _completed(source: MemorySource, run_id: int, chosen: Config, *, name: str, seed: int, quality: float) -> RunRecord:
    source.epochs_of[run_id] = epochs(chosen.epochs, validation_dice=quality + 0.01 * seed)
    source.environment_of[run_id] = environment()
    source.predictions_of[run_id] = predictions(4, quality=quality, size_px=64)
    source.probabilities_of[run_id] = [_probabilities(split, quality) for split in ("validation", "test")]
    scores = _scores(quality, seed=run_id)
    dice, iou = (float(np.mean([getattr(score, name) for score in scores])) for name in ("dice", "iou"))
    source.evaluations_of[run_id] = [evaluation(dice=dice, iou=iou, image_count=IMAGES, image_scores=scores)]
    collapsed = (COLLAPSE,) if run_id == 1 else ()
    return run(run_id, config=chosen, experiment=name, seed=seed, diagnoses=collapsed)


def _scores(quality: float, *, seed: int) -> tuple[ImageScore, ...]:
    random = np.random.default_rng(seed)
    found = np.clip(quality + random.normal(0, 0.08, IMAGES), 0, 1)
    return tuple(
        ImageScore(
            image_id=f"ISIC_{number:07d}",
            iou=float(dice / (2 - dice)),
            dice=float(dice),
            true_positives=500,
            false_positives=100,
            false_negatives=100,
            true_negatives=3396,
        )
        for number, dice in enumerate(found, start=1)
    )


def _probabilities(split: str, quality: float) -> ProbabilityRecord:
    scores = [(step / 20, quality * (1 - abs(step / 20 - 0.4))) for step in range(1, 20)]
    return ProbabilityRecord(
        split=split,
        dataset_fingerprint=FINGERPRINT,
        positives=tuple(range(1, 201)),
        negatives=tuple(range(200, 0, -1)),
        threshold_scores=tuple(ThresholdScore(threshold=t, iou=dice / 2, dice=dice) for t, dice in scores),
    )
