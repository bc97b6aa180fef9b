"""Records to put into a store, all figures chosen so that a mixed-up column shows."""

import math
from dataclasses import replace
from typing import Any

from isicbench.config import Config
from isicbench.records import (
    ArtifactRecord,
    DatasetImage,
    DatasetRecord,
    Diagnosis,
    EnvironmentRecord,
    EpochRecord,
    EvaluationRecord,
    ImageScore,
    Owner,
    PluginMetric,
    PredictionRecord,
    ProbabilityRecord,
    RunStatus,
    SampleRecord,
    StepRecord,
    ThresholdScore,
)
from isicbench.store.store import Store
from isicbench.store.studies import RunRequest

DATASET = DatasetRecord(
    name="synthetic",
    fingerprint="d" * 64,
    train_count=200,
    test_count=2,
    source="generated",
    licence="MIT",
    images=(
        DatasetImage(image_id="ISIC_0000001", split="test", image_sha256="a" * 64, perceptual_hash="c3" * 8),
        DatasetImage(image_id="ISIC_0000003", split="train", image_sha256="b" * 64),
    ),
)
FROZEN = Config(
    dataset="synthetic", dataset_fingerprint="d" * 64, weights="random", frozen=True, epochs=2, batch_size=16
)
FINE_TUNED = replace(FROZEN, frozen=False)
ENVIRONMENT = EnvironmentRecord(
    host="host-a",
    platform="Linux-6",
    python="3.11.9",
    packages={"torch": "2.6.0", "numpy": "2.1.0"},
    device="cpu",
    driver="",
    threads=2,
    git_revision="0f1e2d3+changes",
)
AREA = PluginMetric(
    name="measures:area", version="1.0", mean=0.25, better="lower", values={"ISIC_0000001": 0.5, "ISIC_0000002": 0.0}
)
EVALUATION = EvaluationRecord(
    split="test",
    dataset_fingerprint="d" * 64,
    resolution="training",
    threshold=0.5,
    image_count=2,
    iou=0.51,
    dice=0.62,
    micro_iou=0.53,
    micro_dice=0.64,
    predicted_share=0.21,
    true_share=0.27,
    seconds=1.5,
    sensitivity=0.70,
    specificity=0.71,
    accuracy=0.72,
    precision=0.73,
    thresholded_iou=0.74,
    boundary_iou=0.75,
    hausdorff95_px=0.76,
    seen_in_training=1,
    image_scores=(
        ImageScore(
            image_id="ISIC_0000001",
            iou=0.41,
            dice=0.52,
            true_positives=11,
            false_positives=12,
            false_negatives=13,
            true_negatives=14,
            sensitivity=0.80,
            specificity=0.81,
            accuracy=0.82,
            precision=0.83,
            thresholded_iou=0.84,
            boundary_iou=0.85,
            hausdorff95_px=0.86,
        ),
        ImageScore(
            image_id="ISIC_0000002",
            iou=0.61,
            dice=0.72,
            true_positives=21,
            false_positives=22,
            false_negatives=23,
            true_negatives=24,
            sensitivity=0.90,
            specificity=0.91,
            accuracy=0.92,
            precision=0.93,
            thresholded_iou=0.94,
            boundary_iou=0.95,
            hausdorff95_px=0.96,
        ),
    ),
)
_LATER = ("sensitivity", "specificity", "accuracy", "precision", "thresholded_iou", "boundary_iou", "hausdorff95_px")
FIRST_EVALUATION = replace(
    EVALUATION,
    **dict.fromkeys(_LATER, math.nan),
    seen_in_training=None,
    image_scores=tuple(replace(score, **dict.fromkeys(_LATER, math.nan)) for score in EVALUATION.image_scores),
)
"""What the first schema could hold of it."""
COLLAPSED = Diagnosis(
    kind="collapsed_background", message="predicts nothing", advice="lower --threshold", evidence={"true_share": 0.27}
)
SAMPLE = SampleRecord(image_id="ISIC_0000001", size_px=8, image_jpeg=b"\xff\xd8jpeg", mask_png=b"\x89PNGmask")
PREDICTION = PredictionRecord(image_id="ISIC_0000001", probabilities_png=b"\x89PNGprobabilities")
MODEL = ArtifactRecord(kind="model", path="runs/00001-abc/model.pt", sha256="e" * 64, bytes=5_000_000_000)


def request(config: Config = FROZEN, *, seed: int = 0, name: str | None = None) -> RunRequest:
    return RunRequest(config=config, seed=seed, dataset=DATASET, name=name)


def owner(slot: str = "cpu:0", *, host: str = "host-a", pid: int = 4711) -> Owner:
    return Owner(host=host, pid=pid, process_started=1_700_000_000.25, slot=slot)


def epoch(number: int = 1, **figures: Any) -> EpochRecord:
    record = EpochRecord(
        epoch=number,
        train_loss=0.65 - number / 100,
        validation_loss=0.66 - number / 100,
        validation_iou=0.3 + number / 100,
        validation_dice=0.4 + number / 100,
        foreground_share=0.2,
        learning_rate=1e-3,
        train_seconds=3.5,
        validation_seconds=0.5,
        images_per_second=57.0,
        gradient_norm=1.25,
    )
    return replace(record, **figures)


def queue(store: Store, *requests: RunRequest, force: bool = False) -> tuple[int, ...]:
    """The study's runs."""
    return store.add_study("isicbench run", requests or [request()], force=force).run_ids


def start(store: Store, run_id: int, *, slot: str = "cpu:0") -> None:
    assert store.claim(run_id, owner(slot), log_path="runs/worker.log") is not None


def end(store: Store, run_id: int, status: RunStatus) -> None:
    """Start a queued run and end it without any figures."""
    start(store, run_id)
    assert store.finish(run_id, status)


PROBABILITIES = ProbabilityRecord(
    split="validation",
    dataset_fingerprint=EVALUATION.dataset_fingerprint,
    positives=(0, 3, 5, 9),
    negatives=(40, 20, 2, 1),
    threshold_scores=(
        ThresholdScore(threshold=0.25, iou=0.4, dice=0.6),
        ThresholdScore(threshold=0.5, iou=0.5, dice=0.7),
    ),
)


def complete(store: Store, run_id: int) -> None:
    """All that a run writes from its claim to its end."""
    start(store, run_id)
    store.record_environment(run_id, ENVIRONMENT)
    for number in (1, 2):
        store.record_progress(run_id, StepRecord(epoch=number, step=7, steps=12))
        store.record_epoch(run_id, epoch(number))
    store.record_evaluation(run_id, EVALUATION)
    store.record_diagnoses(run_id, [COLLAPSED])
    store.record_predictions(run_id, [SAMPLE], [PREDICTION])
    store.record_probabilities(run_id, PROBABILITIES)
    store.record_artifact(run_id, MODEL)
    assert store.finish(run_id, RunStatus.COMPLETED, train_seconds=7.0, images_per_second=57.5, peak_memory_mib=812.25)
