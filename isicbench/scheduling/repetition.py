"""Asking for a finished run once more: the same config and seed, on the same data and weights."""

from dataclasses import replace
from pathlib import Path

from isicbench.compute.slots import SlotPlan
from isicbench.config import Config
from isicbench.data.catalog import open_dataset
from isicbench.data.prepare import load_prepared, prepare, prepared_folder
from isicbench.data.progress import Progress, silent
from isicbench.errors import DataError, WeightsError
from isicbench.models.weight_files import IMAGENET, file_sha256, find_weights, weights_path
from isicbench.records import EnvironmentRecord, RunRecord
from isicbench.scheduling.trained_run import trained_config
from isicbench.store.store import Store
from isicbench.store.studies import RunRequest


def repetition_request(
    store: Store, run: RunRecord, *, data_dir: Path | None, weights: str | None, progress: Progress = silent
) -> RunRequest:
    """The run as a request to any database, after its data and first weights were found here and are the same.

    Raises `ConfigError` for a run that was not trained to its end, `DataError` for a dataset with another fingerprint,
    `WeightsError` for weights with another SHA-256, and both where they are not here.
    """
    config = trained_config(run)
    _require_data(run, config, data_dir=data_dir, progress=progress)
    _require_weights(run, config, choice=weights, progress=progress)
    fingerprint = config.dataset_fingerprint
    dataset = replace(store.datasets()[fingerprint], images=tuple(store.dataset_images(fingerprint)))
    return RunRequest(name=run.experiment, config=config, seed=run.seed, dataset=dataset)


def tag_of(run: RunRecord) -> str:
    """What marks the study of a repetition."""
    return f"repetition-of-{run.uid[:8]}"


def alike(plan: SlotPlan, environment: EnvironmentRecord | None) -> SlotPlan:
    """The plan's first slot, on a CPU with as many threads as the run had: sums in another order round otherwise."""
    slot = plan.slots[0]
    if environment is None or environment.device != "cpu" or slot.device != "cpu":
        return replace(plan, slots=(slot,))
    return replace(plan, slots=(replace(slot, threads=environment.threads),))


def _require_data(run: RunRecord, config: Config, *, data_dir: Path | None, progress: Progress) -> None:
    """The prepared arrays are named after the fingerprint; where they are not here, the dataset is looked for."""
    size_px, expected = config.image_size_px, config.dataset_fingerprint
    if data_dir is None and prepared_folder(expected, size_px).is_dir():
        load_prepared(expected, size_px=size_px)
        return
    dataset = open_dataset(config.dataset, data_dir=data_dir, progress=progress)
    found = prepare(dataset, size_px=size_px, progress=progress).fingerprint
    if found != expected:
        raise DataError(
            f"{dataset.root}: another dataset (fingerprint {found[:12]}) than run {run.id} was trained on "
            f"({expected[:12]})",
            hint="Name the run's own data: --data-dir FOLDER",
        )


def _require_weights(run: RunRecord, config: Config, *, choice: str | None, progress: Progress) -> None:
    expected = config.weights_sha256
    if not expected:
        if choice not in (None, config.weights):
            raise WeightsError(
                f"--weights {choice}: run {run.id} began with weights named {config.weights}, and no file",
                hint="Leave --weights away.",
            )
        return
    if choice is None and config.weights != IMAGENET:
        kept = weights_path(config.weights, expected, encoder=config.encoder)
        if not kept.is_file():
            raise WeightsError(
                f"the weights {config.weights} that run {run.id} began with are not on this machine",
                hint=f"Name their file, with the SHA-256 {expected[:12]}...: --weights FILE",
            )
        found = file_sha256(kept)
    else:
        found = find_weights(choice or IMAGENET, encoder=config.encoder, progress=progress).sha256
    if found != expected:
        raise WeightsError(
            f"the weights {choice or config.weights} are others (SHA-256 {found[:12]}) than run {run.id} began with "
            f"({expected[:12]})",
            hint="Name the run's own: --weights FILE",
        )
