"""Records of a small study, and an in-memory source that reads them back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from isicbench.config import Config
from isicbench.records import (
    CostRecord,
    DatasetRecord,
    Diagnosis,
    EnvironmentRecord,
    EpochRecord,
    EvaluationRecord,
    Failure,
    ImageMetric,
    Owner,
    PredictionRecord,
    ProbabilityRecord,
    RunRecord,
    RunStatus,
    SampleRecord,
)

FINGERPRINT = "0123456789abcdef" * 4
START = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)
COLLAPSE = Diagnosis(
    kind="collapsed_background",
    message="predicts (nearly) nothing: 0.00% of the test pixels are predicted as lesion, 27.13% are.",
    advice="Try a lower --threshold.",
    evidence={"predicted_share": 0.0, "true_share": 0.2713},
)


@dataclass
class MemorySource:
    epochs_of: dict[int, list[EpochRecord]] = field(default_factory=dict)
    evaluations_of: dict[int, list[EvaluationRecord]] = field(default_factory=dict)
    predictions_of: dict[int, list[tuple[SampleRecord, PredictionRecord]]] = field(default_factory=dict)
    probabilities_of: dict[int, list[ProbabilityRecord]] = field(default_factory=dict)
    costs_of: dict[int, CostRecord] = field(default_factory=dict)
    environment_of: dict[int, EnvironmentRecord] = field(default_factory=dict)
    records: list[DatasetRecord] = field(default_factory=list)

    def epochs(self, run_ids: Sequence[int], *, last_only: bool = False) -> dict[int, list[EpochRecord]]:
        found = {run_id: self.epochs_of.get(run_id, []) for run_id in run_ids}
        return {run_id: epochs[-1:] for run_id, epochs in found.items()} if last_only else found

    def evaluations(self, run_ids: Sequence[int]) -> dict[int, list[EvaluationRecord]]:
        return {run_id: self.evaluations_of.get(run_id, []) for run_id in run_ids}

    def image_metric(
        self, run_ids: Sequence[int], *, metric: str, split: str, resolution: str
    ) -> dict[int, ImageMetric]:
        own = {
            run_id: made
            for run_id in run_ids
            for made in self.evaluations_of.get(run_id, [])
            if made.final and (made.split, made.resolution) == (split, resolution)
        }
        return self.image_metric_of(own, metric=metric)

    def image_metric_of(self, evaluations: Mapping[int, EvaluationRecord], *, metric: str) -> dict[int, ImageMetric]:
        return {
            run_id: ImageMetric(
                dataset_fingerprint=made.dataset_fingerprint,
                values={score.image_id: getattr(score, metric) for score in made.image_scores},
                lesion_pixels={s.image_id: s.true_positives + s.false_negatives for s in made.image_scores},
            )
            for run_id, made in evaluations.items()
            if made.image_scores
        }

    def runs_with_predictions(self, run_ids: Sequence[int]) -> set[int]:
        return {run_id for run_id in run_ids if self.predictions_of.get(run_id)}

    def predictions(self, run_ids: Sequence[int]) -> dict[int, list[tuple[SampleRecord, PredictionRecord]]]:
        return {run_id: self.predictions_of[run_id] for run_id in run_ids}

    def probabilities(self, run_ids: Sequence[int]) -> dict[int, list[ProbabilityRecord]]:
        return {run_id: self.probabilities_of[run_id] for run_id in run_ids if run_id in self.probabilities_of}

    def costs(self, run_ids: Sequence[int]) -> dict[int, CostRecord]:
        return {run_id: self.costs_of[run_id] for run_id in run_ids if run_id in self.costs_of}

    def environments(self, run_ids: Sequence[int]) -> dict[int, EnvironmentRecord]:
        return {run_id: self.environment_of[run_id] for run_id in run_ids if run_id in self.environment_of}

    def datasets(self) -> dict[str, DatasetRecord]:
        return {record.fingerprint: record for record in self.records}


def config(**changes: Any) -> Config:
    settings = {"dataset": "synthetic", "dataset_fingerprint": FINGERPRINT, "weights": "random", "epochs": 4}
    return Config(**(settings | changes))


def run(run_id: int, *, status: RunStatus = RunStatus.COMPLETED, **changes: Any) -> RunRecord:
    chosen = changes.pop("config", config())
    defaults: dict[str, Any] = {
        "id": run_id,
        "uid": f"uid-{run_id}",
        "experiment": chosen.default_name,
        "config": chosen,
        "seed": 0,
        "status": status,
        "created_at": START,
        "epoch": chosen.epochs,
        "log_path": f"runs/{run_id}.log",
    }
    if status is RunStatus.COMPLETED:
        defaults |= {"train_seconds": 61.5, "images_per_second": 812.4, "peak_memory_mib": 740.2}
    return RunRecord(**(defaults | changes))


def failed(run_id: int, **changes: Any) -> RunRecord:
    failure = Failure(kind="signal", message="killed by signal 9")
    return run(run_id, status=RunStatus.FAILED, failure=failure, **{"epoch": 2} | changes)


def running(run_id: int, *, slot: str = "cpu:0", **changes: Any) -> RunRecord:
    owner = Owner(host="host", pid=1, process_started=0.0, slot=slot)
    started = {"owner": owner, "epoch": 2, "step": 5, "steps": 10, "started_at": START, "heartbeat_at": START}
    return run(run_id, status=RunStatus.RUNNING, **started | changes)


def epoch(number: int, **changes: Any) -> EpochRecord:
    figures: dict[str, Any] = {
        "epoch": number,
        "train_loss": 0.3 + 0.4 / number,
        "validation_loss": 0.35 + 0.35 / number,
        "validation_iou": 0.6 - 0.4 / number,
        "validation_dice": 0.7 - 0.4 / number,
        "foreground_share": 0.2,
        "learning_rate": 1e-3,
        "train_seconds": 8.0,
        "validation_seconds": 2.0,
        "images_per_second": 800.0,
    }
    return EpochRecord(**(figures | changes))


def epochs(count: int, **changes: Any) -> list[EpochRecord]:
    return [epoch(number, **changes) for number in range(1, count + 1)]


def evaluation(**changes: Any) -> EvaluationRecord:
    figures: dict[str, Any] = {
        "split": "test",
        "dataset_fingerprint": FINGERPRINT,
        "resolution": "training",
        "threshold": 0.5,
        "image_count": 60,
        "iou": 0.5715,
        "dice": 0.7118,
        "micro_iou": 0.6,
        "micro_dice": 0.75,
        "predicted_share": 0.25,
        "true_share": 0.2713,
        "seconds": 1.0,
    }
    return EvaluationRecord(**(figures | changes))


def dataset() -> DatasetRecord:
    return DatasetRecord(
        name="synthetic", fingerprint=FINGERPRINT, train_count=200, test_count=60, source="generated", licence="CC0"
    )


def environment(**changes: Any) -> EnvironmentRecord:
    figures: dict[str, Any] = {
        "host": "secret-host",
        "platform": "Linux",
        "python": "3.11.9",
        "packages": {"torch": "2.4.0", "numpy": "2.0"},
        "device": "cpu",
        "driver": "",
        "threads": 2,
        "git_revision": "abcdef0123456789+changes",
    }
    return EnvironmentRecord(**(figures | changes))


def predictions(
    count: int = 4, *, quality: float = 1.0, size_px: int = 128
) -> list[tuple[SampleRecord, PredictionRecord]]:
    """Lesion-like samples; `quality` 1 predicts them well, 0 stays under one half everywhere."""
    return [
        _prediction(f"ISIC_{number:07d}", number, quality=quality, size_px=size_px) for number in range(1, count + 1)
    ]


def png_file(pixels: np.ndarray) -> bytes:
    return _file(Image.fromarray(pixels.astype(np.uint8)), "PNG")


def later(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def _prediction(image_id: str, seed: int, *, quality: float, size_px: int) -> tuple[SampleRecord, PredictionRecord]:
    rng = np.random.default_rng(seed)
    mask = Image.new("L", (size_px, size_px))
    x, y = rng.uniform(0.35, 0.65, 2) * size_px
    turns = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    radius = size_px * (0.24 + 0.03 * np.sin(3 * turns + seed) + 0.02 * np.sin(5 * turns))
    outline = list(zip(x + radius * np.cos(turns), y + radius * np.sin(turns), strict=True))
    ImageDraw.Draw(mask).polygon(outline, fill=255)
    soft = np.asarray(mask.filter(ImageFilter.GaussianBlur(size_px / 20)), dtype=float) / 255
    skin, lesion = np.array([222, 178, 160]), np.array([110, 62, 50])
    pixels = skin + (lesion - skin) * soft[..., None] * 0.9 + rng.normal(0, 6, (size_px, size_px, 1))
    image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    blurred = np.asarray(mask.filter(ImageFilter.GaussianBlur(size_px / 10)), dtype=float) / 255
    probabilities = (0.1 + (0.3 + 0.55 * quality) * blurred) * 255
    predicted = Image.fromarray(probabilities.clip(0, 255).astype(np.uint8))
    sample = SampleRecord(
        image_id=image_id, size_px=size_px, image_jpeg=_file(image, "JPEG"), mask_png=_file(mask, "PNG")
    )
    return sample, PredictionRecord(image_id=image_id, probabilities_png=_file(predicted, "PNG"))


def _file(image: Image.Image, kind: str) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()
