"""From what the user asked for to the runs of a study."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from isicbench.config import Config, expand_grid
from isicbench.data.catalog import open_dataset
from isicbench.data.dataset import Dataset
from isicbench.data.fingerprint import fingerprint
from isicbench.data.image_records import describe_images
from isicbench.data.prepare import Prepared, prepare
from isicbench.data.progress import Progress, silent
from isicbench.data.splits import hold_out
from isicbench.errors import ConfigError, WeightsError
from isicbench.models.names import TIMM, require_known
from isicbench.models.weight_files import Weights, find_weights
from isicbench.records import DatasetRecord
from isicbench.scheduling.leaving_out import Combination, added, leave_out
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
    exclude: Sequence[Combination] = ()
    include: Sequence[Combination] = ()
    """Beyond the grid, and beyond what it leaves out."""
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
    for encoder, decoder in dict.fromkeys((config.encoder, config.decoder) for config in configs):
        _require_network(encoder, decoder)
    _require_seeds(request.seeds)
    if request.names and len(request.names) != len(configs):
        raise ConfigError(
            f"{len(request.names)} names for {len(configs)} experiments",
            hint="Give --name once for each experiment, in the order that --dry-run shows.",
        )
    dataset = open_dataset(request.base.dataset, data_dir=request.data_dir, progress=progress)
    record = describe_dataset(dataset)
    _check_split(dataset, request.base)
    names: Sequence[str | None] = request.names or [None] * len(configs)
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
        source=dataset.source,
        licence=dataset.licence,
        images=describe_images(dataset, prepared) if prepared else (),
    )


def _require_network(encoder: str, decoder: str) -> None:
    require_known(encoder=encoder, decoder=decoder)
    if encoder.startswith(TIMM):
        from isicbench.models.zoo import build_encoder

        build_encoder(encoder, decoder=decoder)  # torch is loaded only here: timm alone knows its names


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
    configs += added(request.base, request.axes, request.include, grid=configs)
    if not configs:
        raise ConfigError("--exclude leaves nothing of the grid", hint="See: isicbench run --dry-run")
    return configs


def _complete(config: Config, dataset: DatasetRecord, weights: Weights) -> Config:
    return replace(config, dataset_fingerprint=dataset.fingerprint, weights=weights.name, weights_sha256=weights.sha256)


def _check_split(dataset: Dataset, config: Config) -> None:
    """Raise now, not in every worker, where too few images are left to hold some out."""
    if config.validate_on == "held-out":
        hold_out([pair.image_id for pair in dataset.train], share=config.validation_share, seed=config.validation_seed)
