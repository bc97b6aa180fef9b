"""What an experiment is called in a report, so that no two rows read alike."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace

from isicbench.config import Config
from isicbench.records import RunRecord
from isicbench.report.wording import printable

FIELD_LABELS = {
    "dataset_fingerprint": "data",
    "validate_on": "validated on",
    "validation_share": "validation share",
    "validation_seed": "split seed",
    "weights_sha256": "weights sha256",
    "predictions_sha256": "masks sha256",
    "image_size_px": "size",
    "batch_size": "batch",
    "learning_rate": "lr",
    "freeze_until": "encoder frozen up to stride",
    "unfreeze_at": "encoder trained from epoch",
    "ema_decay": "averaged weights, decay",
    "accumulate": "steps a change of weights",
}


AT_ZERO = {
    "freeze_until": "no stage frozen",
    "unfreeze_at": "no unfreezing",
    "ema_decay": "no averaged weights",
    "patience": "no early stop",
    "folds": "the test images",
}
"""What 0 means, where it is no amount."""
LOSS_NAMES = {
    "bce": "binary cross-entropy",
    "bce_dice": "cross-entropy + Dice loss",
    "dice": "Dice loss",
    "focal": "focal loss",
    "lovasz": "Lovász hinge",
    "tversky": "Tversky loss",
}
"""What the training loss is; that of validation is cross-entropy always."""


def training_loss_name(configs: Iterable[Config]) -> str:
    """What the configs' training losses are, where they are one thing."""
    losses = {config.loss for config in configs if not config.is_external} or {"bce"}
    return _loss_name(losses.pop()) if len(losses) == 1 else "each experiment's own loss"


def encoder_training(config: Config) -> str:
    """How a run's encoder is trained, in two words."""
    if config.is_partly_frozen:
        return "partly frozen"
    return "frozen" if config.frozen else "fine-tuned"


def losses_label(config: Config) -> str:
    """What an axis for both losses of an experiment shows, on one line or two."""
    if config.loss == "bce":
        return f"Loss ({LOSS_NAMES['bce']})"
    return f"Train: {_loss_name(config.loss)}\nValidation: {LOSS_NAMES['bce']}"


def _loss_name(loss: str) -> str:
    """A plugin's has no other than that which the config names."""
    return LOSS_NAMES.get(loss) or f"loss {printable(loss)}"


def experiment_labels(runs: Iterable[RunRecord]) -> dict[str, str]:
    """A label for each config hash: the experiment's name, or with the fields that tell it from its namesakes.

    The folds of a cross-validation share one.
    """
    names: dict[str, tuple[str, Config]] = {}
    experiments: dict[str, str] = {}
    for run in sorted(runs, key=lambda run: run.id):
        experiment = experiments[run.config.config_hash] = run.config.experiment_hash
        names[experiment] = (printable(run.experiment), replace(run.config, fold=1) if run.config.folds else run.config)
    namesakes: dict[str, dict[str, Config]] = defaultdict(dict)
    for experiment, (name, config) in names.items():
        namesakes[name][experiment] = config
    labels = {found: label for name, configs in namesakes.items() for found, label in _told_apart(name, configs)}
    return {config_hash: labels[experiment] for config_hash, experiment in experiments.items()}


def setting(config: Config, field: str) -> str:
    """One config field as words: `lr 0.0001`, `frozen`, `128 px`."""
    value = getattr(config, field)
    if field == "frozen":
        return "frozen" if value else "fine-tuned"
    if field == "compile":
        return "compiled" if value else "not compiled"
    if field in AT_ZERO and not value:
        return AT_ZERO[field]
    if field == "folds":
        return f"{value} folds"
    if field == "keep":
        return f"weights of the {value} epoch"
    if field in ("dataset_fingerprint", "weights_sha256", "predictions_sha256"):
        value = value[:12] or "none"
    shown = f"{value:g}" if isinstance(value, float) else printable(str(value))
    return f"{FIELD_LABELS.get(field, field.replace('_', ' '))} {shown}" + (" px" if field == "image_size_px" else "")


def differing_fields(configs: Sequence[Config]) -> list[str]:
    """The fields in which the configs differ, in the config's own order."""
    return [f.name for f in fields(Config) if len({getattr(config, f.name) for config in configs}) > 1]


def _telling_fields(configs: Sequence[Config]) -> list[str]:
    """The differing fields without the hashes that say no more than the name beside them."""
    differing = differing_fields(configs)
    for name, sha256 in (("dataset", "dataset_fingerprint"), ("weights", "weights_sha256")):
        names = {getattr(config, name) for config in configs}
        pairs = {(getattr(config, name), getattr(config, sha256)) for config in configs}
        if sha256 in differing and len(names) == len(pairs):
            differing.remove(sha256)
    return differing


def _told_apart(name: str, configs: Mapping[str, Config]) -> list[tuple[str, str]]:
    differing = _telling_fields(list(configs.values()))
    return [
        (config_hash, ", ".join([name, *(setting(config, field) for field in differing)]))
        for config_hash, config in configs.items()
    ]
