"""The command that repeats a run, from its config."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from isicbench.config import Config
from isicbench.records import RunRecord
from isicbench.report.run_options import OPTIONS, options_of, threshold_option
from isicbench.scoring.folders import BINARY_THRESHOLD

DATABASE = "repeated.db"
"""Not the database beside the commands, in which everything is completed already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A file or folder that the one who repeats a run has to name, as a shell variable."""

    variable: str
    what: str
    """Without anything that a shell would act on within double quotes: hashes, and no names."""


def places_of(run: RunRecord) -> list[Place]:
    """The data, weights or masks that a name does not lead to."""
    config = run.config
    data, masks, weights = _variables(run)
    dataset = f"the dataset with fingerprint {config.dataset_fingerprint}"
    if config.is_external:
        sha256 = config.predictions_sha256
        return [
            Place(variable=data, what=f"the folder of the true masks of {dataset}"),
            Place(variable=masks, what=f"the folder of predicted masks with SHA-256 {sha256} over ids and bytes"),
        ]
    found = [Place(variable=data, what=f"the folder of {dataset}")] if config.dataset == "folder" else []
    if weights:
        found.append(Place(variable=weights, what=f"the file of weights with SHA-256 {config.weights_sha256}"))
    return found


def command_of(run: RunRecord) -> str:
    """A line for a shell, with every setting written out, those at their defaults included."""
    return " ".join(_external_words(run) if run.config.is_external else _words(run))


def _words(run: RunRecord) -> Iterator[str]:
    config = run.config
    data, _, weights = _variables(run)
    yield from ("isicbench run", "--frozen" if config.frozen else "--fine-tuned")
    yield from _option("--dataset", config.dataset)
    if config.dataset == "folder":
        yield f'--data-dir "${data}"'
    yield f'--weights "${weights}"' if weights else f"--weights {shlex.quote(config.weights)}"
    for option, value in (*options_of(config, *_fields(config)), threshold_option(config)):
        yield from _option(option, value)
    yield from ["--compile"] * config.compile
    yield from _option("--seed", run.seed)
    yield from (*_option("--name", run.experiment), *_option("--db", DATABASE))


def _fields(config: Config) -> list[str]:
    """All that `run` has options for, but those that are written apart, and a data seed or fold that there is none
    of."""
    apart = {"dataset", "weights"} | ({"data_seed"} if config.data_seed is None else set())
    apart |= {"fold"} if not config.folds else set()
    return [field for field in OPTIONS if field not in apart]


def _external_words(run: RunRecord) -> Iterator[str]:
    config = run.config
    data, masks, _ = _variables(run)
    yield f'isicbench score --predictions "${masks}" --truth "${data}"'
    if config.threshold != BINARY_THRESHOLD:
        yield from _option("--threshold", config.threshold)
    yield from (*_option("--name", run.experiment), *_option("--db", DATABASE))


def _option(name: str, value: object) -> Sequence[str]:
    """In one word, so that a value that begins with a dash is no option."""
    return [f"{name}={shlex.quote(str(value))}"]


def _variables(run: RunRecord) -> tuple[str, str, str]:
    """Of data, masks and weights; that of weights is empty where their name says enough."""
    config = run.config
    has_file = bool(config.weights_sha256) and config.weights != "imagenet1k_v1"
    return (
        f"DATA_{config.dataset_fingerprint[:12]}",
        f"MASKS_{config.predictions_sha256[:12]}",
        f"WEIGHTS_{config.weights_sha256[:12]}" if has_file else "",
    )
