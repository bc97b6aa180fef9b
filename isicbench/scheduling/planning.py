"""From what the user asked for to the runs of a study."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from isicbench.config import Config, expand_grid
from isicbench.data.catalog import NO_CHOICE, open_dataset
from isicbench.data.dataset import Dataset
from isicbench.data.fingerprint import fingerprint
from isicbench.data.image_records import describe_images
from isicbench.data.prepare import Prepared, prepare
from isicbench.data.progress import Progress, silent
from isicbench.data.split_choice import SplitChoice
from isicbench.data.splits import split_training
from isicbench.data.splitting import USUAL_VALIDATION_SHARE
from isicbench.errors import ConfigError, DataError, WeightsError
from isicbench.models.names import TIMM, require_known
from isicbench.models.weight_files import Weights, find_weights
from isicbench.plugins import is_plugin_name
from isicbench.records import DatasetRecord
from isicbench.scheduling.leaving_out import Combination, leave_out
from isicbench.store.studies import RunRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A grid over one dataset: `axes` names config fields and the values that each takes.

    Without an axis of learning rates, frozen and fine-tuned experiments get their own default.
    """

    base: Config
    axes: Mapping[str, Sequence[Any]]
    seeds: Sequence[int]
    names: Sequence[str] = ()
    """One for each experiment, in the grid's order; none for the study's own."""
    data_dir: Path | None = None
    choice: SplitChoice = NO_CHOICE
    exclude: Sequence[Combination] = ()
    tags: Sequence[str] = ()
    """Of the study."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    dataset: Dataset
    record: DatasetRecord
    runs: tuple[RunRequest, ...]


def plan_study(request: Request, *, progress: Progress = silent) -> Plan:
    """Resolve dataset and weights, expand the grid; seeds run fastest, so that every experiment gets a first run soon.

    Raises `ConfigError`, `DataError` or `WeightsError`.
    """
    configs = _expand(request)
    for encoder, decoder, stride in dict.fromkeys((c.encoder, c.decoder, c.freeze_until) for c in configs):
        _require_network(encoder, decoder, freeze_until=stride)
    for loss in dict.fromkeys(config.loss for config in configs):
        _require_loss(loss)
    _require_seeds(request.seeds)
    experiments = list(dict.fromkeys(config.experiment_hash for config in configs))
    if request.names and len(request.names) != len(experiments):
        raise ConfigError(
            f"{len(request.names)} names for {len(experiments)} experiments",
            hint="Give --name once for each experiment, in the order that --dry-run shows.",
        )
    base = request.base
    dataset = open_dataset(
        base.dataset,
        data_dir=request.data_dir,
        choice=request.choice,
        validation_share=None if base.validate_on == "test" else base.validation_share,
        progress=progress,
    )
    record = describe_dataset(dataset)
    _check_split(dataset, configs[0])
    by_experiment = dict(zip(experiments, request.names, strict=True)) if request.names else {}
    names = [by_experiment.get(config.experiment_hash) for config in configs]
    choices = dict.fromkeys((config.weights, config.encoder) for config in configs)
    weights = {choice: _find_weights(*choice, progress) for choice in choices}
    completed = [_complete(config, record, weights[config.weights, config.encoder]) for config in configs]
    runs = tuple(
        RunRequest(name=name, config=config, seed=seed, dataset=record)
        for seed in dict.fromkeys(request.seeds)
        for name, config in zip(names, completed, strict=True)
    )
    return Plan(dataset=dataset, record=record, runs=runs)


def prepare_plan(plan: Plan, *, progress: Progress = silent) -> Plan:
    """Make the prepared arrays of every image size in the plan; the plan that is returned knows the images' hashes."""
    sizes = sorted({run.config.image_size_px for run in plan.runs}, reverse=True)
    *_, smallest = [prepare(plan.dataset, size_px=size_px, progress=progress) for size_px in sizes]
    record = describe_dataset(plan.dataset, prepared=smallest)
    return replace(plan, record=record, runs=tuple(replace(run, dataset=record) for run in plan.runs))


def describe_dataset(dataset: Dataset, *, prepared: Prepared | None = None) -> DatasetRecord:
    """Name, fingerprint and counts; with prepared arrays, of any size, what identifies each image as well."""
    return DatasetRecord(
        name=dataset.name,
        fingerprint=fingerprint(dataset),
        train_count=len(dataset.train),
        test_count=len(dataset.test),
        validation_count=len(dataset.validation),
        source=dataset.source,
        licence=dataset.licence,
        images=describe_images(dataset, prepared) if prepared else (),
    )


def _require_network(encoder: str, decoder: str, *, freeze_until: int) -> None:
    require_known(encoder=encoder, decoder=decoder)
    if encoder.startswith(TIMM) or is_plugin_name(encoder) or is_plugin_name(decoder) or freeze_until:
        from isicbench.models.zoo import build_decoder, build_encoder

        # torch is loaded only here: it alone knows timm and strides, and a plugin is tried before anything is queued
        built = build_encoder(encoder, decoder=decoder)
        build_decoder(decoder, built)
        if freeze_until:
            built.require_stride(freeze_until)


def _require_loss(name: str) -> None:
    if is_plugin_name(name):
        from isicbench.training.losses import loss_of

        loss_of(name)


def _find_weights(choice: str, encoder: str, progress: Progress) -> Weights:
    """What torch raises at a file that only looks like weights, such as sparse tensors, becomes a `WeightsError`."""
    try:
        return find_weights(choice, encoder=encoder, progress=progress)
    except (AttributeError, TypeError, ValueError, RuntimeError) as error:
        reason = next(iter(str(error).splitlines()), "")
        raise WeightsError(
            f"--weights {choice}: not weights of this network ({type(error).__name__}: {reason})",
            hint="Expected names and tensors, as torch.save(m.state_dict(), FILE) writes.",
        ) from error


def _require_seeds(seeds: Sequence[int]) -> None:
    for seed in seeds:
        if not -(2**63) <= seed < 2**63:
            raise ConfigError(f"--seed {seed}: expected a whole number from {-(2**63)} to {2**63 - 1}")


def _expand(request: Request) -> list[Config]:
    configs = list(expand_grid(request.base, request.axes))
    if not configs or not request.seeds:
        raise ConfigError("the grid is empty", hint="See: isicbench run --help")
    if "learning_rate" not in request.axes:
        configs = [replace(config, learning_rate=config.default_learning_rate) for config in configs]
    configs = leave_out(configs, request.exclude)
    if not configs:
        raise ConfigError("--exclude leaves nothing of the grid", hint="See: isicbench run --dry-run")
    return configs


def _complete(config: Config, dataset: DatasetRecord, weights: Weights) -> Config:
    return replace(config, dataset_fingerprint=dataset.fingerprint, weights=weights.name, weights_sha256=weights.sha256)


def _check_split(dataset: Dataset, config: Config) -> None:
    """Raise now, not in every worker, where there is nothing to train on, or too little to hold some out."""
    if not dataset.train:
        raise DataError(
            f"{dataset.name} has no training images: its {len(dataset.test)} images are all test images",
            hint="To train on a part of them: --test-share 0.2. To score a run on them: isicbench evaluate --dataset",
        )
    if config.folds and dataset.is_grouped:
        raise ConfigError(
            f"--folds {config.folds}: folds are cut image by image, and would tear the groups of {dataset.name} apart",
            hint="Leave --folds away, or --group-by.",
        )
    if config.validate_on == "test":
        return
    if dataset.validation and not dataset.chosen_validation and config.validation_share != USUAL_VALIDATION_SHARE:
        raise ConfigError(
            f"--validation-share {config.validation_share:g}: {dataset.name} has {len(dataset.validation)} validation "
            "images of its own",
            hint="Leave it away, and they are validated on.",
        )
    ids = [pair.image_id for pair in dataset.train]
    split_training(ids, config, brings_validation=bool(dataset.validation))
