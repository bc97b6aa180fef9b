"""From rows to the frozen records that leave the store."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row

from isicbench.config import Config
from isicbench.records import (
    ArtifactRecord,
    DatasetImage,
    DatasetRecord,
    Diagnosis,
    EnvironmentRecord,
    EpochRecord,
    EvaluationRecord,
    Failure,
    ImageScore,
    Owner,
    PluginMetric,
    PredictionRecord,
    ProbabilityRecord,
    RunRecord,
    RunStatus,
    SampleRecord,
    ThresholdScore,
)
from isicbench.store.finite import number
from isicbench.store.schema import (
    ArtifactRow,
    DatasetImageRow,
    DatasetRow,
    DiagnosisRow,
    EnvironmentRow,
    ImageScoreRow,
    ProbabilityRow,
    RunRow,
    ThresholdScoreRow,
)


def run_records(rows: Iterable[RunRow]) -> list[RunRecord]:
    """In the rows' order; runs of an experiment share its config."""
    configs: dict[int, Config] = {}
    records = []
    for row in rows:
        config = configs.get(row.experiment_id)
        if config is None:
            config = configs[row.experiment_id] = Config.from_dict(row.experiment.config)
        records.append(_run_record(row, config))
    return records


def run_record(row: RunRow) -> RunRecord:
    return _run_record(row, Config.from_dict(row.experiment.config))


def _run_record(row: RunRow, config: Config) -> RunRecord:
    return RunRecord(
        id=row.id,
        uid=row.uid,
        experiment=row.experiment.name,
        config=config,
        seed=row.seed,
        status=RunStatus(row.status),
        retry_of=row.retry_of,
        owner=owner(row),
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        heartbeat_at=row.heartbeat_at,
        epoch=row.epoch,
        step=row.step,
        steps=row.steps,
        train_seconds=row.train_seconds,
        images_per_second=row.images_per_second,
        peak_memory_mib=row.peak_memory_mib,
        failure=_failure(row),
        log_path=row.log_path,
        diagnoses=tuple(diagnosis(d) for d in row.diagnoses),
    )


def diagnosis(row: DiagnosisRow) -> Diagnosis:
    evidence = {name: number(value) for name, value in row.evidence.items()}
    return Diagnosis(kind=row.kind, message=row.message, advice=row.advice, evidence=evidence)


def dataset_record(row: DatasetRow, *, validation_count: int = 0) -> DatasetRecord:
    return DatasetRecord(
        name=row.name,
        fingerprint=row.fingerprint,
        train_count=row.train_count,
        test_count=row.test_count,
        source=row.source,
        licence=row.licence,
        validation_count=validation_count,
    )


def dataset_image(row: DatasetImageRow) -> DatasetImage:
    return DatasetImage(
        image_id=row.image_id,
        split=row.split,
        image_sha256=row.image_sha256,
        perceptual_hash=row.perceptual_hash,
    )


def epoch_record(row: Row[Any]) -> EpochRecord:
    return EpochRecord(
        epoch=row.epoch,
        train_loss=number(row.train_loss),
        validation_loss=number(row.validation_loss),
        validation_iou=number(row.validation_iou),
        validation_dice=number(row.validation_dice),
        foreground_share=number(row.foreground_share),
        learning_rate=number(row.learning_rate),
        train_seconds=number(row.train_seconds),
        validation_seconds=number(row.validation_seconds),
        images_per_second=number(row.images_per_second),
        gradient_norm=number(row.gradient_norm),
    )


def evaluation_record(
    row: Row[Any], scores: tuple[ImageScore, ...] = (), metrics: tuple[PluginMetric, ...] = ()
) -> EvaluationRecord:
    return EvaluationRecord(
        split=row.split,
        dataset_fingerprint=row.dataset_fingerprint,
        resolution=row.resolution,
        threshold=row.threshold,
        image_count=row.image_count,
        iou=number(row.iou),
        dice=number(row.dice),
        micro_iou=number(row.micro_iou),
        micro_dice=number(row.micro_dice),
        predicted_share=number(row.predicted_share),
        true_share=number(row.true_share),
        seconds=number(row.seconds),
        sensitivity=number(row.sensitivity),
        specificity=number(row.specificity),
        accuracy=number(row.accuracy),
        precision=number(row.precision),
        thresholded_iou=number(row.thresholded_iou),
        boundary_iou=number(row.boundary_iou),
        hausdorff95_px=number(row.hausdorff95_px),
        final=row.final,
        seen_in_training=row.seen_in_training,
        plugin_metrics=metrics,
        image_scores=scores,
    )


def image_score(row: ImageScoreRow) -> ImageScore:
    return ImageScore(
        image_id=row.image_id,
        iou=number(row.iou),
        dice=number(row.dice),
        true_positives=row.true_positives,
        false_positives=row.false_positives,
        false_negatives=row.false_negatives,
        true_negatives=row.true_negatives,
        sensitivity=number(row.sensitivity),
        specificity=number(row.specificity),
        accuracy=number(row.accuracy),
        precision=number(row.precision),
        thresholded_iou=number(row.thresholded_iou),
        boundary_iou=number(row.boundary_iou),
        hausdorff95_px=number(row.hausdorff95_px),
    )


def probability_record(row: ProbabilityRow, scores: Sequence[ThresholdScoreRow]) -> ProbabilityRecord:
    return ProbabilityRecord(
        split=row.split,
        dataset_fingerprint=row.dataset_fingerprint,
        positives=tuple(row.positives),
        negatives=tuple(row.negatives),
        threshold_scores=tuple(
            ThresholdScore(threshold=score.threshold, iou=number(score.iou), dice=number(score.dice))
            for score in scores
        ),
    )


def environment_record(row: EnvironmentRow) -> EnvironmentRecord:
    return EnvironmentRecord(
        host=row.host,
        platform=row.platform,
        python=row.python,
        packages=row.packages,
        device=row.device,
        driver=row.driver,
        threads=row.threads,
        git_revision=row.git_revision,
    )


def artifact_record(row: ArtifactRow) -> ArtifactRecord:
    return ArtifactRecord(kind=row.kind, path=row.path, sha256=row.sha256, bytes=row.bytes)


def sample_and_prediction(
    image_id: str, size_px: int, image_jpeg: bytes, mask_png: bytes, probabilities_png: bytes
) -> tuple[SampleRecord, PredictionRecord]:
    sample = SampleRecord(image_id=image_id, size_px=size_px, image_jpeg=image_jpeg, mask_png=mask_png)
    return sample, PredictionRecord(image_id=image_id, probabilities_png=probabilities_png)


def owner(row: Any) -> Owner | None:
    if row.host is None or row.pid is None or row.process_started is None or row.slot is None:
        return None
    return Owner(host=row.host, pid=row.pid, process_started=row.process_started, slot=row.slot)


def _failure(row: RunRow) -> Failure | None:
    if row.failure_kind is None:
        return None
    return Failure(kind=row.failure_kind, message=row.failure_message or "", traceback=row.failure_traceback or "")
