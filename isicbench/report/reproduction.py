"""The command that trains an experiment again."""

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from isicbench.config import Config
from isicbench.report.experiments import Experiment
from isicbench.report.run_options import OPTIONS, is_default, options_of, threshold_option
from isicbench.report.wording import printable
from isicbench.scoring.folders import BINARY_THRESHOLD

STATED = ("dataset", "weights", "epochs", "image_size_px", "batch_size", "learning_rate")
"""Config fields that a command states even where they are the usual ones."""


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
    folder = ["--data-dir", "FOLDER"] if config.dataset == "folder" else []
    stated = [*options_of(config, *STATED), *_changed(config)]
    seeds = dict.fromkeys(("--seed", str(outcome.run.seed)) for outcome in experiment.leading)
    return [
        *("isicbench", "run", "--frozen" if config.frozen else "--fine-tuned"),
        *folder,
        *(printable(part) for option in stated for part in option),
        *["--compile"] * config.compile,
        *(part for seed in seeds for part in seed),
        *_name(experiment),
    ]


def _changed(config: Config) -> list[tuple[str, str]]:
    """The options beyond `STATED`, where they are not what `isicbench run` takes by itself."""
    told = {*STATED, "fold"}  # all of which an experiment has
    changed = [field for field in OPTIONS if field not in told and not is_default(config, field)]
    is_usual = not config.chooses_threshold and is_default(config, "threshold")
    return [*options_of(config, *changed), *([] if is_usual else [threshold_option(config)])]


def _name(experiment: Experiment) -> list[str]:
    name = experiment.leading[0].run.experiment
    return [] if name == experiment.config.default_name else ["--name", printable(name)]


def _external(experiment: Experiment) -> list[str]:
    threshold = experiment.config.threshold
    probabilities = [] if threshold == BINARY_THRESHOLD else ["--threshold", repr(threshold)]
    name = printable(experiment.leading[0].run.experiment)
    return ["isicbench", "score", "--predictions", "PREDICTIONS", "--truth", "TRUTH", *probabilities, "--name", name]


def _needs(config: Config) -> str:
    parts: Sequence[str] = (
        f"dataset with the fingerprint {config.dataset_fingerprint[:12]}" if config.dataset_fingerprint else "",
        f"weights with the SHA-256 {config.weights_sha256[:12]}" if config.weights_sha256 else "",
        f"masks with the SHA-256 {config.predictions_sha256[:12]}" if config.is_external else "",
        f"split seed {config.validation_seed}" if config.validation_seed else "",
    )
    return ", ".join(part for part in parts if part)
