"""The conditions beneath a table, so that no figure travels without them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from isicbench.config import Config
from isicbench.records import DatasetRecord
from isicbench.report.experiments import Experiment
from isicbench.report.labels import differing_fields, setting
from isicbench.report.wording import count, number_ranges, printable

SCORES = (
    "IoU and Dice are means over the test images at the network's input size; the losses are those of the last epoch "
    "of the same run."
)
TEST_SET_WARNING = (
    "Validated on the test set: the validation figures of {whose} were measured on the same images as the scores. "
    "They are no independent estimate, and nothing may be chosen by them."
)
_COMPARED_ON = ("dataset_fingerprint", "validate_on", "image_size_px", "threshold")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolLine:
    """One distinct protocol; `labels` names its experiments, and is empty where it holds for all of them."""

    labels: tuple[str, ...]
    text: str


def protocol_lines(experiments: Sequence[Experiment], datasets: Mapping[str, DatasetRecord]) -> list[ProtocolLine]:
    """One line a distinct protocol: all that the experiments share apart from frozen or not."""
    groups: dict[str, list[Experiment]] = defaultdict(list)
    for experiment in experiments:
        groups[_conditions(experiment.config, datasets)].append(experiment)
    return [
        ProtocolLine(
            labels=() if len(groups) == 1 else tuple(member.label for member in members),
            text=f"{conditions}; {_seeds(members)}.",
        )
        for conditions, members in groups.items()
    ]


def protocol_warnings(experiments: Sequence[Experiment]) -> list[str]:
    """What must be said aloud: validation on the test set, and rows that were not scored alike."""
    on_test = [experiment.label for experiment in experiments if experiment.config.validate_on == "test"]
    warnings = []
    if on_test:
        whose = "every experiment" if len(on_test) == len(experiments) else "; ".join(on_test)
        warnings.append(TEST_SET_WARNING.format(whose=whose))
    configs = [experiment.config for experiment in experiments]
    if differing := [field for field in differing_fields(configs) if field in _COMPARED_ON]:
        values = "; ".join(" / ".join(dict.fromkeys(setting(c, field) for c in configs)) for field in differing)
        warnings.append(f"The rows were not measured alike ({values}): compare them with care.")
    return warnings


def _conditions(config: Config, datasets: Mapping[str, DatasetRecord]) -> str:
    return "; ".join(
        (
            _dataset(config, datasets.get(config.dataset_fingerprint)),
            _validation(config),
            _weights(config),
            f"encoder {config.encoder}, decoder {config.decoder}",
            f"{count(config.epochs, 'epoch')}, {config.image_size_px} x {config.image_size_px} px, "
            f"batch {config.batch_size}, lr {config.learning_rate:g}, augmentation {config.augmentation}, "
            f"threshold {config.threshold:g}, precision {config.precision}{', compiled' if config.compile else ''}"
            + ("" if config.data_seed is None else f", data seed {config.data_seed}"),
        )
    )


def _dataset(config: Config, record: DatasetRecord | None) -> str:
    fingerprint = config.dataset_fingerprint[:12] or "not recorded"
    counts = f", {record.train_count} train and {record.test_count} test images" if record else ""
    return f"dataset {printable(config.dataset)} (fingerprint {fingerprint}{counts})"


def _validation(config: Config) -> str:
    if config.validate_on == "test":
        return "VALIDATED ON THE TEST SET"
    return f"validated on {config.validation_share:.0%} of train, held out (split seed {config.validation_seed})"


def _weights(config: Config) -> str:
    sha256 = f" (sha256 {config.weights_sha256[:12]})" if config.weights_sha256 else ""
    return f"weights {printable(config.weights)}{sha256}"


def _seeds(members: Sequence[Experiment]) -> str:
    seeds = {outcome.run.seed for member in members for outcome in member.leading}
    return f"{'seed' if len(seeds) == 1 else 'seeds'} {number_ranges(seeds)}"
