"""From a config back to the options of `isicbench run`: what repeats it."""

from collections.abc import Iterator, Mapping
from dataclasses import fields

from isicbench.config import Config

OPTIONS: Mapping[str, str] = {
    "dataset": "--dataset",
    "weights": "--weights",
    "epochs": "--epochs",
    "image_size_px": "--size",
    "batch_size": "--batch-size",
    "learning_rate": "--lr",
    "encoder": "--encoder",
    "decoder": "--decoder",
    "loss": "--loss",
    "optimiser": "--optimiser",
    "weight_decay": "--weight-decay",
    "schedule": "--schedule",
    "warmup_epochs": "--warmup-epochs",
    "encoder_rate_share": "--encoder-lr",
    "clip_norm": "--clip-norm",
    "batch_parts": "--batch-parts",
    "accumulate": "--accumulate",
    "freeze_until": "--freeze-until",
    "unfreeze_at": "--unfreeze-at",
    "ema_decay": "--ema",
    "patience": "--patience",
    "keep": "--keep",
    "augmentation": "--augmentation",
    "validate_on": "--validate-on",
    "validation_share": "--validation-share",
    "folds": "--folds",
    "fold": "--fold",
    "data_seed": "--data-seed",
    "precision": "--precision",
}
"""By config field, in the order in which a command names them. `run` fills in the others, or has flags for them."""

_DEFAULTS = {field.name: field.default for field in fields(Config)}


def options_of(config: Config, *fields: str) -> Iterator[tuple[str, str]]:
    """Option and value of the fields that are named, whatever they are."""
    return ((OPTIONS[field], str(getattr(config, field))) for field in fields)


def is_default(config: Config, field: str) -> bool:
    """Whether `run` takes this value by itself."""
    return bool(getattr(config, field) == _DEFAULTS[field])


def threshold_option(config: Config) -> tuple[str, str]:
    """`--threshold` with a number or `auto`."""
    return "--threshold", "auto" if config.chooses_threshold else str(config.threshold)
