"""A second evaluation of a finished run: another split, threshold, resolution or dataset."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from isicbench.config import Config
from isicbench.data.catalog import open_dataset
from isicbench.data.prepare import Prepared, PreparedSplit, load_prepared, prepare
from isicbench.data.progress import Progress, silent
from isicbench.data.splits import split_training
from isicbench.errors import ConfigError
from isicbench.records import DatasetRecord, EvaluationRecord, RunRecord
from isicbench.scheduling.planning import describe_dataset
from isicbench.scheduling.scores import count_trained_on, evaluate
from isicbench.scheduling.trained_run import load_trained, threshold_of, trained_config
from isicbench.store.store import Store
from isicbench.training.inference import predict_probabilities
from isicbench.training.placement import place_images

SPLITS = ("train", "validation", "test", "fold")


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationRequest:
    """What to score; without a dataset it is the run's own, without a threshold the one of its final evaluation."""

    dataset: str | None = None
    data_dir: Path | None = None
    split: str = "test"
    threshold: float | None = None
    resolutions: Sequence[str] = ("training", "original")


def evaluate_again(
    store: Store, run: RunRecord, request: EvaluationRequest, *, device: str, progress: Progress = silent
) -> list[EvaluationRecord]:
    """Score the run on a `device` (`cpu` or `cuda`) and record it beside what is there.

    A repeated evaluation takes the earlier one's place. Raises `ConfigError` for a run that cannot be scored,
    `DataError` or `WeightsError` where something is missing.
    """
    config = trained_config(run)
    threshold = threshold_of(store, run, asked=request.threshold)
    prepared, dataset = _prepared(config, request, progress=progress)
    split = _split(prepared, config, request)
    place = torch.device(device)
    segmenter = load_trained(store, run, device=place)
    found = evaluate(
        predict_probabilities(segmenter, place_images(split, device=place)),
        split,
        split_name=request.split,
        dataset_fingerprint=prepared.fingerprint,
        threshold=threshold,
        resolutions=request.resolutions,
    )
    if dataset is not None:
        store.record_dataset(dataset)
    seen = count_trained_on(store, config, fingerprint=prepared.fingerprint, image_ids=split.image_ids)
    return [_record(store, run, replace(evaluation, seen_in_training=seen)) for evaluation in found]


def _prepared(
    config: Config, request: EvaluationRequest, *, progress: Progress
) -> tuple[Prepared, DatasetRecord | None]:
    """The arrays to score, and the dataset's record where it was named."""
    if request.dataset is None and request.data_dir is None:
        return load_prepared(config.dataset_fingerprint, size_px=config.image_size_px), None
    dataset = open_dataset(request.dataset or "folder", data_dir=request.data_dir, progress=progress)
    prepared = prepare(dataset, size_px=config.image_size_px, progress=progress)
    return prepared, describe_dataset(dataset, prepared=prepared)


def _split(prepared: Prepared, config: Config, request: EvaluationRequest) -> PreparedSplit:
    if request.split not in SPLITS:
        raise ConfigError(f"--split {request.split}: expected one of {', '.join(SPLITS)}")
    own = prepared.fingerprint == config.dataset_fingerprint
    if request.split == "fold":
        if not own or not config.folds:
            raise ConfigError("--split fold: only a cross-validation's run has one, on its own data")
        return prepared.train.part(split_training(prepared.train.image_ids, config).fold)
    if not own or config.validate_on == "test":
        if request.split == "validation":
            whose = "another dataset" if not own else "a run that was validated on the test set"
            raise ConfigError(f"--split validation: {whose} has none", hint="Name --split test or --split train.")
        return prepared.train if request.split == "train" else prepared.test
    if request.split == "test":
        return prepared.test
    parts = split_training(prepared.train.image_ids, config)
    return prepared.train.part(parts.train if request.split == "train" else parts.validation)


def _record(store: Store, run: RunRecord, evaluation: EvaluationRecord) -> EvaluationRecord:
    """Recorded as final where it repeats what the run itself scored."""
    key = _what_was_scored(evaluation)
    same = [known for known in store.evaluations([run.id]).get(run.id, []) if _what_was_scored(known) == key]
    recorded = replace(evaluation, final=any(known.final for known in same))
    store.record_evaluation(run.id, recorded)
    return recorded


def _what_was_scored(evaluation: EvaluationRecord) -> tuple[str, str, str, float]:
    return evaluation.split, evaluation.dataset_fingerprint, evaluation.resolution, evaluation.threshold
