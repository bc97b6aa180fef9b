"""Combinations that a grid leaves out."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from isicbench.choices import unknown
from isicbench.config import Config
from isicbench.errors import ConfigError

_TRUTH = {"true": True, "false": False}
FIELDS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "augmentation": ("augmentation", str),
    "batch-size": ("batch_size", int),
    "decoder": ("decoder", str),
    "encoder": ("encoder", str),
    "epochs": ("epochs", int),
    "frozen": ("frozen", lambda text: _TRUTH[text.lower()]),
    "loss": ("loss", str),
    "lr": ("learning_rate", float),
    "optimiser": ("optimiser", str),
    "schedule": ("schedule", str),
    "size": ("image_size_px", int),
    "weights": ("weights", str),
}
"""Config field and reader of each option that spans a grid."""

Combination = Mapping[str, Any]


def read_combination(text: str) -> Combination:
    """`encoder=resnet18,decoder=conv` as config fields. Raises `ConfigError`."""
    fields = {}
    for part in text.split(","):
        name, equals, value = part.partition("=")
        key = name.strip().replace("_", "-")
        if key not in FIELDS:
            raise unknown("--exclude", key, sorted(FIELDS))
        field, read = FIELDS[key]
        try:
            fields[field] = read(value.strip())
        except (ValueError, KeyError):
            equals = ""
        if not equals:
            raise ConfigError(
                f"--exclude {part}: no value of {key}", hint="For example: --exclude encoder=resnet18,lr=0.1"
            )
    return fields


def leave_out(configs: Sequence[Config], combinations: Sequence[Combination]) -> list[Config]:
    """The configs that fit none of the combinations. Raises `ConfigError` for a combination that fits none of them."""
    for combination in combinations:
        if not any(_fits(config, combination) for config in configs):
            told = ", ".join(f"{field} {value}" for field, value in combination.items())
            raise ConfigError(f"--exclude: the grid has no experiment with {told}", hint="See: isicbench run --dry-run")
    return [config for config in configs if not any(_fits(config, combination) for combination in combinations)]


def _fits(config: Config, combination: Combination) -> bool:
    return all(getattr(config, field) == value for field, value in combination.items())
