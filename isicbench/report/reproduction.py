"""The command that trains an experiment again."""

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from isicbench.config import Config
from isicbench.report.experiments import Experiment
from isicbench.report.wording import printable
from isicbench.scoring.folders import BINARY_THRESHOLD


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduction:
    label: str
    command: str
    needs: str
    """What the command alone does not say; empty where it says all."""


def reproductions(experiments: Iterable[Experiment]) -> list[Reproduction]:
    """One an experiment, with all its seeds."""
    return [
        Reproduction(
            label=experiment.label,
            command=shlex.join(_external(experiment) if experiment.config.is_external else _trained(experiment)),
            needs=_needs(experiment.config),
        )
        for experiment in experiments
    ]


def _trained(experiment: Experiment) -> list[str]:
    config = experiment.config
    seeds = [outcome.run.seed for outcome in experiment.leading]
    return [
        "isicbench",
        "run",
        "--frozen" if config.frozen else "--fine-tuned",
        *_data(config),
        *("--weights", printable(config.weights)),
        *("--epochs", str(config.epochs)),
        *("--size", str(config.image_size_px)),
        *("--batch-size", str(config.batch_size)),
        *("--lr", repr(config.learning_rate)),
        *_changed(config),
        *(part for seed in seeds for part in ("--seed", str(seed))),
        *_name(experiment),
    ]


def _data(config: Config) -> list[str]:
    folder = ["--data-dir", "FOLDER"] if config.dataset == "folder" else []
    return ["--dataset", printable(config.dataset), *folder]


def _changed(config: Config) -> list[str]:
    """The remaining options, where they are not what `isicbench run` takes by itself."""
    defaults = {field.name: field.default for field in fields(Config)}
    options = {
        "augmentation": "--augmentation",
        "validate_on": "--validate-on",
        "validation_share": "--validation-share",
        "data_seed": "--data-seed",
        "precision": "--precision",
    }
    changed = [
        part
        for field, option in options.items()
        if (value := getattr(config, field)) != defaults[field]
        for part in (option, str(value))
    ]
    if config.chooses_threshold:
        changed += ["--threshold", "auto"]
    elif config.threshold != defaults["threshold"]:
        changed += ["--threshold", repr(config.threshold)]
    return [*changed, "--compile"] if config.compile else changed


def _name(experiment: Experiment) -> list[str]:
    name = experiment.leading[0].run.experiment
    return [] if name == experiment.config.default_name else ["--name", printable(name)]


def _external(experiment: Experiment) -> list[str]:
    threshold = experiment.config.threshold
    probabilities = [] if threshold == BINARY_THRESHOLD else ["--threshold", repr(threshold)]
    name = printable(experiment.leading[0].run.experiment)
    return ["isicbench", "score", "PREDICTIONS", "--truth", "TRUTH", *probabilities, "--name", name]


def _needs(config: Config) -> str:
    parts: Sequence[str] = (
        f"dataset with the fingerprint {config.dataset_fingerprint[:12]}" if config.dataset_fingerprint else "",
        f"weights with the SHA-256 {config.weights_sha256[:12]}" if config.weights_sha256 else "",
        f"masks with the SHA-256 {config.predictions_sha256[:12]}" if config.is_external else "",
        f"split seed {config.validation_seed}" if config.validation_seed else "",
    )
    return ", ".join(part for part in parts if part)
