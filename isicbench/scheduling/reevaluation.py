"""Further evaluations of finished runs: another split, threshold, resolution or dataset."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from isicbench.config import Config
from isicbench.data.catalog import NO_CHOICE, open_dataset
from isicbench.data.prepare import Prepared, PreparedSplit, load_prepared, prepare
from isicbench.data.progress import Progress, silent
from isicbench.data.split_choice import SplitChoice
from isicbench.data.splits import split_training
from isicbench.data.splitting import USUAL_VALIDATION_SHARE
from isicbench.errors import ConfigError
from isicbench.records import DatasetRecord, EvaluationRecord, RunRecord, what_was_scored
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
    choice: SplitChoice = NO_CHOICE
    split: str = "test"
    threshold: float | None = None
    resolutions: Sequence[str] = ("training", "original")

    @property
    def names_dataset(self) -> bool:
        return self.dataset is not None or self.data_dir is not None or self.choice != NO_CHOICE


Data = tuple[Prepared, DatasetRecord | None]
"""The arrays to score, and the dataset's record where it was named."""
Opened = dict[tuple[int, float | None], Data]
"""What was opened before, by the size of the images and the share that is held out."""


def evaluate_each(
    store: Store, runs: Sequence[RunRecord], request: EvaluationRequest, *, device: str, progress: Progress = silent
) -> Iterator[tuple[RunRecord, list[EvaluationRecord]]]:
    """Score one run after the other on a `device` (`cpu` or `cuda`), and record it beside what is there.

    A repeated evaluation takes the earlier one's place. Raises `ConfigError`, before anything is scored, for a run that
    cannot be; `DataError` or `WeightsError` where something is missing.
    """
    for run in runs:
        trained_config(run)
    opened: Opened = {}
    for run in runs:
        yield run, _evaluate(store, run, request, opened, device=device, progress=progress)


def _evaluate(
    store: Store, run: RunRecord, request: EvaluationRequest, opened: Opened, *, device: str, progress: Progress
) -> list[EvaluationRecord]:
    config = run.config
    threshold = threshold_of(store, run, asked=request.threshold)
    prepared, dataset = _opened(config, request, opened, progress=progress)
    split = _split(prepared, config, request)
    if not split.image_ids:
        raise ConfigError(f"--split {request.split}: the dataset has no such images", hint="Name another --split.")
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


def _opened(config: Config, request: EvaluationRequest, opened: Opened, *, progress: Progress) -> Data:
    if not request.names_dataset:
        return load_prepared(config.dataset_fingerprint, size_px=config.image_size_px), None
    name = request.dataset or "folder"
    share: float | None = USUAL_VALIDATION_SHARE
    if name == config.dataset:  # as the run split it, so that its own images are known as such
        share = None if config.validate_on == "test" else config.validation_share
    key = (config.image_size_px, share)
    if key not in opened:
        dataset = open_dataset(
            name, data_dir=request.data_dir, choice=request.choice, validation_share=share, progress=progress
        )
        prepared = prepare(dataset, size_px=config.image_size_px, progress=progress)
        opened[key] = prepared, describe_dataset(dataset, prepared=prepared)
    return opened[key]


def _split(prepared: Prepared, config: Config, request: EvaluationRequest) -> PreparedSplit:
    if request.split not in SPLITS:
        raise ConfigError(f"--split {request.split}: expected one of {', '.join(SPLITS)}")
    own = prepared.fingerprint == config.dataset_fingerprint
    if request.split == "fold" and not (own and config.folds):
        raise ConfigError("--split fold: only a cross-validation's run has one, on its own data")
    brought = prepared.validation
    if request.split == "test" or (brought is not None and request.split == "validation"):
        return prepared.splits[request.split]
    if request.split == "validation" and (not own or config.validate_on == "test"):
        whose = "another dataset" if not own else "a run that was validated on the test set"
        raise ConfigError(f"--split validation: {whose} has none", hint="Name --split test or --split train.")
    if not own:
        return prepared.train
    parts = split_training(prepared.train.image_ids, config, brings_validation=brought is not None)
    chosen = {"train": parts.train, "validation": parts.validation, "fold": parts.fold}[request.split]
    return prepared.train.part(chosen)


def _record(store: Store, run: RunRecord, evaluation: EvaluationRecord) -> EvaluationRecord:
    """Recorded as final where it repeats what the run itself scored."""
    key = what_was_scored(evaluation)
    same = [known for known in store.evaluations([run.id]).get(run.id, []) if what_was_scored(known) == key]
    recorded = replace(evaluation, final=any(known.final for known in same))
    store.record_evaluation(run.id, recorded)
    return recorded
