"""A database of many runs, its rows written directly: what commands cost as it grows."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image
from sqlalchemy import insert
from sqlalchemy.orm import Session

from isicbench.config import Config
from isicbench.store.engine import open_engine, writing
from isicbench.store.experiments import CONFIG_COLUMNS
from isicbench.store.migrate import ensure_current
from isicbench.store.schema import (
    DatasetRow,
    EnvironmentRow,
    EpochRow,
    EvaluationRow,
    ExperimentRow,
    ImageScoreRow,
    PredictionRow,
    ProbabilityRow,
    RunRow,
    SampleRow,
    ThresholdScoreRow,
)
from isicbench.store.urls import database_url

FINGERPRINT = "5" * 64
SEEDS = 10
"""Runs of one experiment, unless told otherwise."""
ROWS_AT_ONCE = 20_000
START = datetime(2024, 1, 1, tzinfo=UTC)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """How much each of the completed runs has on record."""

    runs: int
    epochs: int = 10
    images: int = 0
    """Test images with a score each, at both resolutions."""
    samples: int = 2
    bins: int = 200
    """Of the histograms of probabilities."""
    seeds: int = SEEDS
    """Runs of one experiment."""


def fill_database(path: str, crowd: Crowd) -> None:
    """Write completed runs into a new database, in one transaction."""
    url = database_url(path)
    ensure_current(url, create=True)
    engine = open_engine(url)
    with writing(engine) as session:
        for table, rows in _tables(crowd):
            _insert(session, table, rows)
    engine.dispose()


def _tables(crowd: Crowd) -> Iterator[tuple[Any, Iterator[Row]]]:
    runs = range(1, crowd.runs + 1)
    yield DatasetRow, iter([_dataset()])
    yield EnvironmentRow, iter([_environment()])
    yield SampleRow, (_sample(number) for number in range(1, crowd.samples + 1))
    yield ExperimentRow, (_experiment(number) for number in range(1, (crowd.runs + crowd.seeds - 1) // crowd.seeds + 1))
    yield RunRow, (_run(run_id, crowd) for run_id in runs)
    yield EpochRow, (_epoch(run_id, epoch) for run_id in runs for epoch in range(1, crowd.epochs + 1))
    yield EvaluationRow, (_evaluation(run_id, place, crowd.images) for run_id in runs for place in range(2))
    yield (
        ImageScoreRow,
        (_image_score(2 * run_id + place - 1, n) for run_id in runs for place in range(2) for n in range(crowd.images)),
    )
    yield ProbabilityRow, (_probabilities(run_id, place, crowd.bins) for run_id in runs for place in range(2))
    yield (
        ThresholdScoreRow,
        (_threshold(2 * run_id + place - 1, n) for run_id in runs for place in range(2) for n in range(1, 20)),
    )
    picture = _picture()
    yield (
        PredictionRow,
        (
            {"run_id": run_id, "sample_id": sample, "probabilities_png": picture}
            for run_id in runs
            for sample in range(1, crowd.samples + 1)
        ),
    )


def _insert(session: Session, table: Any, rows: Iterator[Row]) -> None:
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == ROWS_AT_ONCE:
            session.execute(insert(table), batch)
            batch = []
    if batch:
        session.execute(insert(table), batch)


def _dataset() -> Row:
    return {
        "id": 1,
        "name": "synthetic",
        "fingerprint": FINGERPRINT,
        "train_count": 900,
        "test_count": 379,
        "source": "rows of a benchmark",
        "licence": "CC0-1.0",
    }


def _environment() -> Row:
    return {
        "id": 1,
        "content_hash": FINGERPRINT,
        "host": "benchmark",
        "platform": "Linux",
        "python": "3.11",
        "packages": {"torch": "2.6.0"},
        "device": "cpu",
        "driver": "",
        "threads": 2,
        "git_revision": "",
    }


def config_of(number: int) -> Config:
    """Experiments that differ in their learning rate, every other one frozen."""
    base = Config(dataset="synthetic", dataset_fingerprint=FINGERPRINT, weights="random", frozen=number % 2 == 0)
    return replace(base, learning_rate=1e-5 * number)


def _experiment(number: int) -> Row:
    config = config_of(number)
    values = config.to_dict()
    columns = {name: values[name] for name in CONFIG_COLUMNS}
    return {
        "id": number,
        "config_hash": config.config_hash,
        "name": config.default_name,
        "dataset_id": 1,
        "config": values,
        **columns,
    }


def _run(run_id: int, crowd: Crowd) -> Row:
    started = START + timedelta(minutes=run_id)
    return {
        "id": run_id,
        "uid": f"{run_id:032x}",
        "experiment_id": (run_id - 1) // crowd.seeds + 1,
        "seed": (run_id - 1) % crowd.seeds,
        "status": "completed",
        "environment_id": 1,
        "created_at": started,
        "started_at": started,
        "finished_at": started + timedelta(seconds=50),
        "epoch": crowd.epochs,
        "step": 0,
        "steps": 0,
        "train_seconds": 45.0,
        "images_per_second": 180.0,
        "peak_memory_mib": 700.0,
        "log_path": f"runs/{run_id}.log",
    }


def _epoch(run_id: int, epoch: int) -> Row:
    loss = 0.7 - 0.02 * epoch + 0.001 * (run_id % 17)
    return {
        "run_id": run_id,
        "epoch": epoch,
        "train_loss": loss,
        "validation_loss": loss + 0.02,
        "validation_iou": 0.05 * epoch,
        "validation_dice": 0.07 * epoch,
        "foreground_share": 0.2,
        "learning_rate": 1e-4,
        "train_seconds": 4.0,
        "validation_seconds": 0.5,
        "images_per_second": 180.0,
        "gradient_norm": 1.0,
    }


def _evaluation(run_id: int, place: int, images: int) -> Row:
    dice = 0.6 + 0.01 * (run_id % 13)
    names = ("sensitivity", "specificity", "accuracy", "precision", "thresholded_iou", "boundary_iou")
    return {
        "id": 2 * run_id + place - 1,
        "run_id": run_id,
        "split": "test",
        "dataset_fingerprint": FINGERPRINT,
        "resolution": ("training", "original")[place],
        "threshold": 0.5,
        "image_count": images or 379,
        "iou": dice - 0.1,
        "dice": dice,
        "micro_iou": dice - 0.1,
        "micro_dice": dice,
        "predicted_share": 0.2,
        "true_share": 0.25,
        "seconds": 3.0,
        "created_at": START,
        "hausdorff95_px": 12.0,
        "final": True,
        "seen_in_training": 0,
        **dict.fromkeys(names, 0.7),
    }


def _image_score(evaluation_id: int, number: int) -> Row:
    dice = 0.5 + 0.4 * ((7 * number + evaluation_id) % 97) / 97
    names = ("sensitivity", "specificity", "accuracy", "precision", "boundary_iou")
    return {
        "evaluation_id": evaluation_id,
        "image_id": f"ISIC_{number:07d}",
        "iou": dice / (2 - dice),
        "dice": dice,
        "true_positives": 3_000,
        "false_positives": 500,
        "false_negatives": 500,
        "true_negatives": 12_384,
        "thresholded_iou": 0.0,
        "hausdorff95_px": 12.0,
        **dict.fromkeys(names, 0.7),
    }


def _probabilities(run_id: int, place: int, bins: int) -> Row:
    return {
        "id": 2 * run_id + place - 1,
        "run_id": run_id,
        "split": ("validation", "test")[place],
        "dataset_fingerprint": FINGERPRINT,
        "positives": list(range(bins)),
        "negatives": list(range(bins, 0, -1)),
    }


def _threshold(probability_id: int, number: int) -> Row:
    dice = 0.7 - abs(number / 20 - 0.4)
    return {"probability_id": probability_id, "threshold": number / 20, "iou": dice - 0.1, "dice": dice}


def _sample(number: int) -> Row:
    return {
        "id": number,
        "dataset_id": 1,
        "image_id": f"ISIC_{number:07d}",
        "size_px": 128,
        "image_jpeg": _picture(),
        "mask_png": _picture(),
    }


def _picture() -> bytes:
    y, x = np.mgrid[:128, :128]
    buffer = BytesIO()
    Image.fromarray((((y - 64) ** 2 + (x - 64) ** 2 < 900) * 255).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()
