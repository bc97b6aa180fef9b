"""Frozen values that pass between the layers. What the store gives back is one of these, never an ORM object."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from isicbench.config import Config


def split_counts(*, train: int, validation: int, test: int) -> str:
    """`900 training and 379 test`, without what there is none of."""
    numbers = {"training": train, "validation": validation, "test": test}
    *others, last = [f"{number} {name}" for name, number in numbers.items() if number] or ["no"]
    return f"{', '.join(others)} and {last}" if others else last


class RunStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    DIVERGED = "diverged"
    INTERRUPTED = "interrupted"


FINISHED = frozenset({RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.DIVERGED})
"""Statuses that a run never leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetImage:
    """One image of a dataset, by what identifies it: enough to find it again in another dataset."""

    image_id: str
    split: str
    image_sha256: str
    """Of the image file; empty where only masks are known."""
    perceptual_hash: str = ""
    """64 bits in hex, as `isicbench.data.perceptual_hash` computes them; empty where the image was not decoded, or is
    (nearly) constant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetRecord:
    name: str
    fingerprint: str
    """SHA-256 over ids, file contents and splits."""
    train_count: int
    test_count: int
    source: str
    licence: str
    validation_count: int = 0
    """Validation images that it brings; without any, a run holds some of the training images out."""
    images: tuple[DatasetImage, ...] = ()
    """Given when a dataset is first recorded; read back by `Store.dataset_images`."""

    @property
    def counts(self) -> str:
        """`900 training and 379 test`, to be followed by what is counted."""
        return split_counts(train=self.train_count, validation=self.validation_count, test=self.test_count)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """Where a training stands; `step` counts from 1 to `steps` within the epoch."""

    epoch: int
    step: int
    steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochRecord:
    """One epoch's figures. Losses are means over pixels; IoU and Dice are means over validation images."""

    epoch: int
    train_loss: float
    validation_loss: float
    validation_iou: float
    validation_dice: float
    foreground_share: float
    """Share of the validation pixels that are predicted as foreground."""
    learning_rate: float
    train_seconds: float
    validation_seconds: float
    images_per_second: float
    """Training images in a second of training."""
    gradient_norm: float = math.nan
    """Largest Euclidean norm of all gradients together at any step of the epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageScore:
    """One image's scores and the pixel counts behind them; NaN where a score was not computed.

    Definitions stand in `isicbench.evaluation.metrics` and `isicbench.evaluation.boundaries`.
    """

    image_id: str
    iou: float
    dice: float
    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int
    sensitivity: float = math.nan
    specificity: float = math.nan
    accuracy: float = math.nan
    precision: float = math.nan
    thresholded_iou: float = math.nan
    """IoU, or 0 where it is below 0.65."""
    boundary_iou: float = math.nan
    hausdorff95_px: float = math.nan
    """Larger of the directed 95th percentiles of distances between outlines, in pixels of the scored resolution; the
    image's diagonal where exactly one mask is empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginMetric:
    """What a metric of another package says of an evaluation's images."""

    name: str
    """`PACKAGE:NAME`."""
    version: str
    """Of the package."""
    mean: float
    """Over all images; NaN where it is undefined for one, or could not be computed."""
    better: str
    """`higher`, `lower` or `neither`."""
    problem: str = ""
    """Why it could not be computed."""
    values: Mapping[str, float] = field(default_factory=dict)
    """By image id; empty unless image scores were read, and where it could not be computed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationRecord:
    """Scores of one run on one split at one resolution and threshold.

    `iou` and `dice` are macro scores (means over images), `micro_*` count all pixels of the split together.
    """

    split: str
    dataset_fingerprint: str
    resolution: str
    """`training` (the network's input size) or `original` (the image file's size)."""
    threshold: float
    image_count: int
    iou: float
    dice: float
    micro_iou: float
    micro_dice: float
    predicted_share: float
    """Share of all pixels that are predicted as foreground."""
    true_share: float
    """Share of all pixels that are foreground in the masks."""
    seconds: float
    sensitivity: float = math.nan
    specificity: float = math.nan
    accuracy: float = math.nan
    precision: float = math.nan
    thresholded_iou: float = math.nan
    boundary_iou: float = math.nan
    hausdorff95_px: float = math.nan
    """Means over all images, like the six before it: an image with one mask empty counts with its diagonal."""
    final: bool = True
    """Done by the run itself, after its last epoch; False for a later `isicbench evaluate`."""
    seen_in_training: int | None = None
    """How many of the scored images the run was trained on, as far as ids and hashes tell; None where unknown."""
    plugin_metrics: tuple[PluginMetric, ...] = ()
    """By name."""
    image_scores: tuple[ImageScore, ...] = ()


WHAT_WAS_SCORED = ("split", "dataset_fingerprint", "resolution", "threshold")
"""By which an evaluation of a run is known."""


def what_was_scored(evaluation: Any) -> tuple[str, str, str, float]:
    """Of an `EvaluationRecord`, or of a row that has its fields."""
    split, fingerprint, resolution, threshold = (getattr(evaluation, name) for name in WHAT_WAS_SCORED)
    return split, fingerprint, resolution, threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageMetric:
    """One metric of one run, image by image, and what it takes to know the same images in another run."""

    dataset_fingerprint: str
    values: Mapping[str, float]
    """By image id; NaN where the score was not computed."""
    lesion_pixels: Mapping[str, int]
    """Foreground pixels of each image's true mask, by image id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdScore:
    """Mean IoU and Dice over images at one threshold."""

    threshold: float
    iou: float
    dice: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbabilityRecord:
    """How a run's probabilities on a split are distributed; bounded however many pixels there are."""

    split: str
    dataset_fingerprint: str
    positives: tuple[int, ...]
    """Lesion pixels by probability, in equal bins from 0 to 1."""
    negatives: tuple[int, ...]
    """Other pixels, likewise."""
    threshold_scores: tuple[ThresholdScore, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskFigures:
    """What the expert masks that a run learnt from and was scored on look like; shares are means over images."""

    border_share: float
    """Foreground's share of the outermost ring of pixels."""
    centre_share: float
    """Foreground's share of the middle third in both directions."""
    prepared_share: float
    """Foreground's share of the image at the network's input size."""
    original_share: float
    """Foreground's share of the image at the file's own size."""
    vanished: int
    """Images whose lesion has no pixel left at the network's input size."""
    image_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What the tool says about a run that went wrong, with the figures that show it."""

    kind: str
    message: str
    advice: str
    evidence: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentRecord:
    """What a run ran on."""

    host: str
    platform: str
    python: str
    packages: Mapping[str, str]
    device: str
    """`cpu` or the GPU's name."""
    driver: str
    threads: int
    git_revision: str
    """Revision of the working folder's checkout, with `+changes` where files differ from it; empty outside of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRecord:
    """A small picture of a test image and its mask, kept in the database so that a report needs no dataset."""

    image_id: str
    size_px: int
    image_jpeg: bytes
    mask_png: bytes
    """8-bit grey, 0 or 255."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionRecord:
    """One run's probabilities on a sample: an 8-bit grey PNG, 255 is probability 1."""

    image_id: str
    probabilities_png: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactRecord:
    """A file that a run wrote; `path` is relative to the database's folder where that is possible."""

    kind: str
    path: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRecord:
    """What a run's network costs, whatever its weights are: one image at its input size."""

    parameters: int
    gflops: float
    """Of one forward pass; a multiplication with its addition counts as two."""
    latency_ms: float | None = None
    """Median time of a batch of one on a CPU; None until `isicbench costs` has measured it."""
    latency_on: str = ""
    """The CPU and the threads that it was measured with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a run ended without a result."""

    kind: str
    """`exception`, `signal`, `exit`, `lost`, `hang`, `device`, `disk_full` or `out_of_memory`."""
    message: str
    traceback: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The worker process that holds a run; `process_started` tells it from a later process with its pid."""

    host: str
    pid: int
    process_started: float
    slot: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    id: int
    uid: str
    experiment: str
    config: Config
    seed: int
    status: RunStatus
    retry_of: int | None = None
    owner: Owner | None = None
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    heartbeat_at: datetime | None = None
    epoch: int = 0
    """The epoch that the worker is in, or the last one it was in."""
    step: int = 0
    steps: int = 0
    train_seconds: float | None = None
    images_per_second: float | None = None
    peak_memory_mib: float | None = None
    failure: Failure | None = None
    log_path: str = ""
    diagnoses: tuple[Diagnosis, ...] = ()


def last_attempts(runs: Sequence[RunRecord]) -> list[RunRecord]:
    """Without the runs whose place a later one of them has taken."""
    retried = {run.retry_of for run in runs}
    return [run for run in runs if run.id not in retried]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedRun:
    """What a scheduler needs to know of a run that waits."""

    id: int
    config: Config
    seed: int
    retry_of: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningRun:
    """Who holds a run, and when it was last heard of."""

    id: int
    owner: Owner | None
    heartbeat_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyRecord:
    """What one `isicbench run` asked for: `run_ids` in the order of the grid, skipped ones included."""

    id: int
    command: str
    created_at: datetime
    run_ids: tuple[int, ...]
    skipped_ids: tuple[int, ...] = ()
    """Runs that were completed before the study began, or are another study's by now."""
    tags: tuple[str, ...] = ()
    """The user's own words for it."""
