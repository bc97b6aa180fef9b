"""Combinations that a grid leaves out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from isicbench.choices import unknown
from isicbench.config import Config
from isicbench.errors import ConfigError
from isicbench.report.run_options import OPTIONS

GRID = (
    *("augmentation", "batch_size", "decoder", "encoder", "epochs", "image_size_px"),
    *("learning_rate", "loss", "optimiser", "schedule", "weights"),
    *("freeze_until", "unfreeze_at", "ema_decay"),
)
"""Config fields that options span a grid over, besides `frozen`."""
FIELDS = {"frozen": "frozen"} | {OPTIONS[field].removeprefix("--"): field for field in GRID}
"""Config field by the option's name."""
_TRUTH = {"true": True, "false": False}
_KINDS: dict[str, Callable[[str], Any]] = {field.name: type(field.default) for field in fields(Config)}

Combination = Mapping[str, Any]


def read_combination(text: str) -> Combination:
    """`encoder=resnet18,decoder=conv` as config fields. Raises `ConfigError`."""
    found: dict[str, Any] = {}
    for part in text.split(","):
        name, equals, value = part.partition("=")
        key = name.strip().replace("_", "-")
        if key not in FIELDS:
            raise unknown("--exclude", key, sorted(FIELDS))
        field = FIELDS[key]
        try:
            found[field] = _TRUTH[value.strip().lower()] if field == "frozen" else _KINDS[field](value.strip())
        except (ValueError, KeyError):
            equals = ""
        if not equals:
            raise ConfigError(
                f"--exclude {part}: no value of {key}", hint="For example: --exclude encoder=resnet18,lr=0.1"
            )
    return found


def leave_out(configs: Sequence[Config], combinations: Sequence[Combination]) -> list[Config]:
    """The configs that fit none of the combinations. Raises `ConfigError` for a combination that fits none of them."""
    for combination in combinations:
        if not any(_fits(config, combination) for config in configs):
            told = ", ".join(f"{field} {value}" for field, value in combination.items())
            raise ConfigError(f"--exclude: the grid has no experiment with {told}", hint="See: isicbench run --dry-run")
    return [config for config in configs if not any(_fits(config, combination) for combination in combinations)]


def _fits(config: Config, combination: Combination) -> bool:
    return all(getattr(config, field) == value for field, value in combination.items())
