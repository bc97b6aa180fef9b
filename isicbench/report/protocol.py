"""The conditions beneath a table, so that no figure travels without them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from isicbench.choices import some_of
from isicbench.config import RECIPE, Config
from isicbench.records import DatasetRecord
from isicbench.report.experiments import Experiment
from isicbench.report.folds import FOLD_SCORES, fold_lines
from isicbench.report.labels import differing_fields, setting
from isicbench.report.notes import seen_in_training
from isicbench.report.wording import count, number_ranges, printable

SCORES = (
    "IoU and Dice are means over the test images at the network's input size; the losses are those of the last epoch "
    "of the same run."
)
KEPT = (
    "Where the best epoch's weights are kept (--keep best), scores and losses are those of the epoch with the highest "
    "mean Dice on validation, and of several such the lowest loss."
)
EXTERNAL_SCORES = (
    "Masks of another tool are scored at the images' own size, as the challenge does; how they were made is not known "
    "here."
)
MIXED_WARNING = (
    "Masks of another tool are scored at the images' own size, the other rows at the network's input size: compare "
    "them by the table of test scores, which gives the original size for all."
)
TEST_SET_WARNING = (
    "Validated on the test set: the validation figures of {whose} were measured on the same images as the scores. "
    "They are no independent estimate, and nothing may be chosen by them."
)
PROTOCOLS_UP_TO = 12
VALUES_SHOWN = 5
_COMPARED_ON = ("dataset_fingerprint", "validate_on", "image_size_px", "threshold", "folds")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolLine:
    """One distinct protocol; `labels` names its experiments, and is empty where it holds for all of them."""

    labels: tuple[str, ...]
    text: str


def score_lines(experiments: Sequence[Experiment]) -> list[str]:
    """What the table's figures are: a sentence for each kind of experiment, and one for each cross-validation."""
    configs = [experiment.config for experiment in experiments]
    sentences = (
        (SCORES, any(not config.is_external and not config.folds for config in configs)),
        (FOLD_SCORES, any(config.folds for config in configs)),
        (KEPT, any(config.keep == "best" for config in configs)),
        (EXTERNAL_SCORES, any(config.is_external for config in configs)),
    )
    return [*(text for text, holds in sentences if holds), *_stopped_early(experiments), *fold_lines(experiments)]


def _stopped_early(experiments: Sequence[Experiment]) -> list[str]:
    """A sentence on the runs that waited for a better epoch as long as `--patience` says."""
    stopped = [
        f"run {outcome.run.id} after epoch {outcome.epochs[-1].epoch} of {experiment.config.epochs}"
        for experiment in experiments
        for outcome in experiment.counted
        if experiment.config.patience and outcome.epochs[-1].epoch < experiment.config.epochs
    ]
    named = some_of(stopped, PROTOCOLS_UP_TO)
    return [f"Stopped early, for want of a better epoch on validation: {named}."] if stopped else []


def protocol_lines(experiments: Sequence[Experiment], datasets: Mapping[str, DatasetRecord]) -> list[ProtocolLine]:
    """One line a distinct protocol: all that the experiments share apart from frozen or not.

    Of more than `PROTOCOLS_UP_TO`, the first, and in what the others differ from it.
    """
    groups: dict[str, list[Experiment]] = defaultdict(list)
    for experiment in experiments:
        groups[_conditions(experiment.config, datasets)].append(experiment)
    if len(groups) > PROTOCOLS_UP_TO:
        return _first_and_differences(experiments, next(iter(groups)), protocols=len(groups))
    return [
        ProtocolLine(
            labels=() if len(groups) == 1 else tuple(member.label for member in members),
            text=f"{conditions}{_seeds(members)}.",
        )
        for conditions, members in groups.items()
    ]


def _first_and_differences(experiments: Sequence[Experiment], conditions: str, *, protocols: int) -> list[ProtocolLine]:
    configs = [experiment.config for experiment in experiments]
    differences = [
        _differing_values(list(dict.fromkeys(setting(config, field) for config in configs)))
        for field in differing_fields(configs)
        if field != "frozen"
    ]
    text = f"{conditions}{_seeds(experiments)}. The other {protocols - 1} protocols differ in {'; '.join(differences)}."
    return [ProtocolLine(labels=(experiments[0].label,), text=text)]


def _differing_values(values: Sequence[str]) -> str:
    shown = " / ".join(values[:VALUES_SHOWN])
    return shown if len(values) <= VALUES_SHOWN else f"{shown} / … ({len(values)} values)"


def protocol_warnings(experiments: Sequence[Experiment]) -> list[str]:
    """What must be said aloud: validation on the test set, scored images that were trained on, unlike rows."""
    trained = [experiment for experiment in experiments if not experiment.config.is_external]
    on_test = [experiment.label for experiment in trained if experiment.config.validate_on == "test"]
    warnings = []
    if on_test:
        whose = "every experiment" if len(on_test) == len(experiments) else "; ".join(on_test)
        warnings.append(TEST_SET_WARNING.format(whose=whose))
    warnings += _seen_warnings(experiments)
    if differing := _measured_differently(experiments):
        warnings.append(f"The rows were not measured alike ({differing}): compare them with care.")
    if trained and len(trained) < len(experiments):
        warnings.append(MIXED_WARNING)
    return warnings


def _measured_differently(experiments: Sequence[Experiment]) -> str:
    """The fields that bear on the figures and differ, with their values; of masks of another tool only the dataset."""
    everybody = [experiment.config for experiment in experiments]
    trained = [config for config in everybody if not config.is_external]
    compared = [(field, everybody if field == "dataset_fingerprint" else trained) for field in _COMPARED_ON]
    return "; ".join(
        " / ".join(dict.fromkeys(setting(config, field) for config in configs))
        for field, configs in compared
        if field in differing_fields(configs)
    )


def _seen_warnings(experiments: Sequence[Experiment]) -> list[str]:
    """A line for each distinct count of scored images that were trained on."""
    whose: dict[str, list[int]] = defaultdict(list)
    for experiment in experiments:
        for outcome in experiment.leading:
            if seen := seen_in_training(outcome.evaluation):
                whose[seen].append(outcome.run.id)
    return [f"{seen} ({'run' if len(runs) == 1 else 'runs'} {number_ranges(runs)})." for seen, runs in whose.items()]


def _conditions(config: Config, datasets: Mapping[str, DatasetRecord]) -> str:
    record = datasets.get(config.dataset_fingerprint)
    dataset = _dataset(config, record)
    if config.is_external:
        masks = f"masks of another tool (sha256 {config.predictions_sha256[:12]}), threshold {config.threshold:g}"
        return f"{dataset}; {masks}, scored at the images' own size"
    return "; ".join(
        (
            dataset,
            _validation(config, record),
            _weights(config),
            f"encoder {config.encoder}, decoder {config.decoder}",
            *_recipe(config),
            f"{count(config.epochs, 'epoch')}, {config.image_size_px} x {config.image_size_px} px, "
            f"batch {config.batch_size}, lr {config.learning_rate:g}, augmentation {config.augmentation}, "
            f"threshold {config.threshold:g}, precision {config.precision}{', compiled' if config.compile else ''}"
            + ("" if config.data_seed is None else f", data seed {config.data_seed}"),
        )
    )


def _recipe(config: Config) -> list[str]:
    """How it was trained otherwise than the study; the decoder is named before."""
    changed = [field for field in differing_fields([Config(), config]) if field in RECIPE - {"decoder"}]
    return [", ".join(setting(config, field) for field in changed)] if changed else []


def _dataset(config: Config, record: DatasetRecord | None) -> str:
    fingerprint = config.dataset_fingerprint[:12] or "not recorded"
    counts = f", {record.counts.replace('training', 'train')} images" if record else ""
    return f"dataset {printable(config.dataset)} (fingerprint {fingerprint}{counts})"


def _validation(config: Config, record: DatasetRecord | None) -> str:
    if config.validate_on == "test":
        return "VALIDATED ON THE TEST SET"
    brought = record.validation_count if record else 0
    if config.folds:
        seed = config.validation_seed if config.data_seed is None else config.data_seed
        held_out = (
            f"{config.validation_share:.0%} of the other folds' images, held out (split seed {config.validation_seed})"
        )
        validated = f"the dataset's {brought} validation images" if brought else held_out
        return f"cross-validated on the training images in {config.folds} folds (seed {seed}), validated on {validated}"
    if brought:
        return f"validated on the dataset's {brought} validation images"
    return f"validated on {config.validation_share:.0%} of train, held out (split seed {config.validation_seed})"


def _weights(config: Config) -> str:
    sha256 = f" (sha256 {config.weights_sha256[:12]})" if config.weights_sha256 else ""
    return f"weights {printable(config.weights)}{sha256}"


def _seeds(members: Sequence[Experiment]) -> str:
    seeds = {outcome.run.seed for member in members if not member.config.is_external for outcome in member.leading}
    return f"; {'seed' if len(seeds) == 1 else 'seeds'} {number_ranges(seeds)}" if seeds else ""
