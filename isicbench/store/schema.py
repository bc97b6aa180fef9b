"""The tables, as SQLAlchemy mappings. A change here needs a migration under migrations/versions."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Double,
    ForeignKey,
    Index,
    MetaData,
    String,
    UniqueConstraint,
    false,
    text,
    true,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

STATUSES = ("queued", "running", "completed", "failed", "diverged", "interrupted")


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC, also on SQLite, which keeps no time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class AnyText(TypeDecorator[str]):
    """Text from anywhere: what a database refuses in a file's name or a message (NUL, half characters) is escaped."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value and value.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode()


class Table(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime, str: AnyText, dict[str, Any]: JSON, list[int]: JSON, float: Double}  # noqa: RUF012


class DatasetRow(Table):
    __tablename__ = "datasets"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    fingerprint: Mapped[str] = mapped_column(String(64), unique=True)
    train_count: Mapped[int]
    test_count: Mapped[int]
    source: Mapped[str]
    licence: Mapped[str]


class DatasetImageRow(Table):
    """An image by what identifies it, so that leaks between datasets can be found without their files."""

    __tablename__ = "dataset_images"

    dataset_id: Mapped[int] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"), primary_key=True)
    split: Mapped[str] = mapped_column(primary_key=True)
    image_id: Mapped[str] = mapped_column(primary_key=True)
    image_sha256: Mapped[str]
    perceptual_hash: Mapped[str]


class ExperimentRow(Table):
    """`config` is the whole of it; the columns repeat what people sort and select by."""

    __tablename__ = "experiments"

    id: Mapped[int] = mapped_column(primary_key=True)
    config_hash: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str]
    dataset_id: Mapped[int] = mapped_column(ForeignKey("datasets.id"), index=True)
    config: Mapped[dict[str, Any]]
    encoder: Mapped[str]
    decoder: Mapped[str]
    weights: Mapped[str]
    weights_sha256: Mapped[str]
    frozen: Mapped[bool]
    image_size_px: Mapped[int]
    epochs: Mapped[int]
    batch_size: Mapped[int]
    learning_rate: Mapped[float]
    augmentation: Mapped[str]
    threshold: Mapped[float]
    validate_on: Mapped[str]
    threshold_rule: Mapped[str] = mapped_column(server_default="fixed")
    data_seed: Mapped[int | None] = mapped_column(BigInteger)
    precision: Mapped[str] = mapped_column(server_default="fp32")
    compile: Mapped[bool] = mapped_column(server_default=false())
    predictions_sha256: Mapped[str] = mapped_column(server_default=text("''"))
    loss: Mapped[str] = mapped_column(server_default="bce")
    optimiser: Mapped[str] = mapped_column(server_default="adam")
    weight_decay: Mapped[float] = mapped_column(server_default="0")
    schedule: Mapped[str] = mapped_column(server_default="constant")
    warmup_epochs: Mapped[float] = mapped_column(server_default="0")
    encoder_rate_share: Mapped[float] = mapped_column(server_default="1")
    clip_norm: Mapped[float] = mapped_column(server_default="0")
    batch_parts: Mapped[int] = mapped_column(server_default="1")
    freeze_until: Mapped[int] = mapped_column(server_default="0")
    unfreeze_at: Mapped[int] = mapped_column(server_default="0")
    ema_decay: Mapped[float] = mapped_column(server_default="0")
    patience: Mapped[int] = mapped_column(server_default="0")
    keep: Mapped[str] = mapped_column(server_default="last")
    accumulate: Mapped[int] = mapped_column(server_default="1")
    folds: Mapped[int] = mapped_column(server_default="0")
    fold: Mapped[int] = mapped_column(server_default="0")


class StudyRow(Table):
    __tablename__ = "studies"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    command: Mapped[str]
    created_at: Mapped[datetime]
    tags: Mapped[str] = mapped_column(server_default=text("''"))
    """A line each."""


class StudyRunRow(Table):
    """A run may be asked for by several studies."""

    __tablename__ = "study_runs"

    study_id: Mapped[int] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"), primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True, index=True)
    position: Mapped[int]
    skipped: Mapped[bool]


class EnvironmentRow(Table):
    __tablename__ = "environments"

    id: Mapped[int] = mapped_column(primary_key=True)
    content_hash: Mapped[str] = mapped_column(String(64), unique=True)
    host: Mapped[str]
    platform: Mapped[str]
    python: Mapped[str]
    packages: Mapped[dict[str, Any]]
    device: Mapped[str]
    driver: Mapped[str]
    threads: Mapped[int]
    git_revision: Mapped[str]


class RunRow(Table):
    __tablename__ = "runs"
    __table_args__ = (
        CheckConstraint("status IN ('" + "', '".join(STATUSES) + "')", name="status"),
        Index("ix_runs_experiment_id_seed", "experiment_id", "seed"),
        Index("ix_runs_status", "status"),
        # A slot holds one running run, whoever schedules: the database itself sees to it.
        Index(
            "uq_runs_running_slot",
            "host",
            "slot",
            unique=True,
            sqlite_where=text("status = 'running'"),
            postgresql_where=text("status = 'running'"),
        ),
        {"sqlite_autoincrement": True},  # a removed run's number is never given to another
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    experiment_id: Mapped[int] = mapped_column(ForeignKey("experiments.id"))
    seed: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str]
    retry_of: Mapped[int | None] = mapped_column(ForeignKey("runs.id", ondelete="SET NULL"), index=True)
    environment_id: Mapped[int | None] = mapped_column(ForeignKey("environments.id"), index=True)
    host: Mapped[str | None]
    pid: Mapped[int | None]
    process_started: Mapped[float | None]
    slot: Mapped[str | None]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    epoch: Mapped[int] = mapped_column(default=0)
    step: Mapped[int] = mapped_column(default=0)
    steps: Mapped[int] = mapped_column(default=0)
    train_seconds: Mapped[float | None]
    images_per_second: Mapped[float | None]
    peak_memory_mib: Mapped[float | None]
    failure_kind: Mapped[str | None]
    failure_message: Mapped[str | None]
    failure_traceback: Mapped[str | None]
    log_path: Mapped[str] = mapped_column(default="")

    experiment: Mapped[ExperimentRow] = relationship(lazy="joined", innerjoin=True)
    diagnoses: Mapped[list["DiagnosisRow"]] = relationship(lazy="selectin", order_by="DiagnosisRow.id", viewonly=True)


class EpochRow(Table):
    __tablename__ = "epochs"

    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    epoch: Mapped[int] = mapped_column(primary_key=True)
    train_loss: Mapped[float | None]
    validation_loss: Mapped[float | None]
    validation_iou: Mapped[float | None]
    validation_dice: Mapped[float | None]
    foreground_share: Mapped[float | None]
    learning_rate: Mapped[float | None]
    train_seconds: Mapped[float | None]
    validation_seconds: Mapped[float | None]
    images_per_second: Mapped[float | None]
    gradient_norm: Mapped[float | None]


class EvaluationRow(Table):
    __tablename__ = "evaluations"
    __table_args__ = (
        UniqueConstraint(
            "run_id", "dataset_fingerprint", "split", "resolution", "threshold", name="uq_evaluations_what_was_scored"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), index=True)
    split: Mapped[str]
    dataset_fingerprint: Mapped[str] = mapped_column(String(64))
    resolution: Mapped[str]
    threshold: Mapped[float]
    image_count: Mapped[int]
    iou: Mapped[float | None]
    dice: Mapped[float | None]
    micro_iou: Mapped[float | None]
    micro_dice: Mapped[float | None]
    predicted_share: Mapped[float | None]
    true_share: Mapped[float | None]
    seconds: Mapped[float | None]
    created_at: Mapped[datetime]
    sensitivity: Mapped[float | None]
    specificity: Mapped[float | None]
    accuracy: Mapped[float | None]
    precision: Mapped[float | None]
    thresholded_iou: Mapped[float | None]
    boundary_iou: Mapped[float | None]
    hausdorff95_px: Mapped[float | None]
    final: Mapped[bool] = mapped_column(server_default=true())
    """Done by the run itself; a later `isicbench evaluate` is not."""
    seen_in_training: Mapped[int | None]


class ImageScoreRow(Table):
    __tablename__ = "image_scores"

    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluations.id", ondelete="CASCADE"), primary_key=True)
    image_id: Mapped[str] = mapped_column(primary_key=True)
    iou: Mapped[float | None]
    dice: Mapped[float | None]
    true_positives: Mapped[int]
    false_positives: Mapped[int]
    false_negatives: Mapped[int]
    true_negatives: Mapped[int]
    sensitivity: Mapped[float | None]
    specificity: Mapped[float | None]
    accuracy: Mapped[float | None]
    precision: Mapped[float | None]
    thresholded_iou: Mapped[float | None]
    boundary_iou: Mapped[float | None]
    hausdorff95_px: Mapped[float | None]


class PluginMetricRow(Table):
    """What a metric of another package says of an evaluation's images."""

    __tablename__ = "plugin_metrics"
    __table_args__ = (UniqueConstraint("evaluation_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluations.id", ondelete="CASCADE"))
    name: Mapped[str]
    version: Mapped[str]
    better: Mapped[str]
    mean: Mapped[float | None]
    problem: Mapped[str]


class PluginScoreRow(Table):
    __tablename__ = "plugin_scores"

    metric_id: Mapped[int] = mapped_column(ForeignKey("plugin_metrics.id", ondelete="CASCADE"), primary_key=True)
    image_id: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[float | None]


class ProbabilityRow(Table):
    """A histogram of a run's probabilities on a split: pixel counts in equal bins, lesion and other apart."""

    __tablename__ = "probabilities"
    __table_args__ = (UniqueConstraint("run_id", "split", "dataset_fingerprint"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    split: Mapped[str]
    dataset_fingerprint: Mapped[str] = mapped_column(String(64))
    positives: Mapped[list[int]]
    negatives: Mapped[list[int]]


class ThresholdScoreRow(Table):
    __tablename__ = "threshold_scores"

    probability_id: Mapped[int] = mapped_column(ForeignKey("probabilities.id", ondelete="CASCADE"), primary_key=True)
    threshold: Mapped[float] = mapped_column(primary_key=True)
    iou: Mapped[float | None]
    dice: Mapped[float | None]


class DiagnosisRow(Table):
    __tablename__ = "diagnoses"

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    message: Mapped[str]
    advice: Mapped[str]
    evidence: Mapped[dict[str, Any]]


class SampleRow(Table):
    """A test image that reports show; shared by all runs on the dataset."""

    __tablename__ = "samples"
    __table_args__ = (UniqueConstraint("dataset_id", "image_id", "size_px"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    dataset_id: Mapped[int] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"))
    image_id: Mapped[str]
    size_px: Mapped[int]
    image_jpeg: Mapped[bytes]
    mask_png: Mapped[bytes]


class PredictionRow(Table):
    __tablename__ = "predictions"

    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    sample_id: Mapped[int] = mapped_column(ForeignKey("samples.id", ondelete="CASCADE"), primary_key=True, index=True)
    probabilities_png: Mapped[bytes]


class ArtifactRow(Table):
    __tablename__ = "artifacts"
    __table_args__ = (UniqueConstraint("run_id", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    kind: Mapped[str]
    path: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    bytes: Mapped[int] = mapped_column(BigInteger)
