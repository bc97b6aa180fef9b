"""Combinations that a grid leaves out, or has beyond its axes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from isicbench.choices import TRUTH, unknown
from isicbench.config import Config, expand_grid
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
_KINDS: dict[str, Callable[[str], Any]] = {field.name: type(field.default) for field in fields(Config)}

Combination = Mapping[str, Any]


def read_combination(text: str, *, option: str) -> Combination:
    """`encoder=resnet18,decoder=conv` as config fields, as `option` is given it. Raises `ConfigError`."""
    found: dict[str, Any] = {}
    for part in text.split(","):
        name, equals, value = part.partition("=")
        key = name.strip().replace("_", "-")
        if key not in FIELDS:
            raise unknown(option, key, sorted(FIELDS))
        field = FIELDS[key]
        try:
            found[field] = TRUTH[value.strip().lower()] if field == "frozen" else _KINDS[field](value.strip())
        except (ValueError, KeyError):
            equals = ""
        if not equals:
            raise ConfigError(
                f"{option} {part}: no value of {key}", hint=f"For example: {option} encoder=resnet18,lr=0.1"
            )
    return found


def leave_out(configs: Sequence[Config], combinations: Sequence[Combination]) -> list[Config]:
    """The configs that fit none of the combinations. Raises `ConfigError` for a combination that fits none of them."""
    for combination in combinations:
        if not any(_fits(config, combination) for config in configs):
            told = ", ".join(f"{field} {value}" for field, value in combination.items())
            raise ConfigError(f"--exclude: the grid has no experiment with {told}", hint="See: isicbench run --dry-run")
    return [config for config in configs if not any(_fits(config, combination) for combination in combinations)]


def added(
    base: Config, axes: Mapping[str, Sequence[Any]], combinations: Sequence[Combination], *, grid: Sequence[Config]
) -> list[Config]:
    """The experiments of the combinations that `grid` lacks; what one does not name spans the axes as the grid does.

    Raises `ConfigError` for a combination that adds none.
    """
    found = dict.fromkeys(grid)
    for combination in combinations:
        before = len(found)
        spanned = expand_grid(base, {**axes, **{field: [value] for field, value in combination.items()}})
        found |= dict.fromkeys(
            config
            if "learning_rate" in axes or "learning_rate" in combination
            else replace(config, learning_rate=config.default_learning_rate)
            for config in spanned
        )
        if len(found) == before:
            told = ", ".join(f"{field} {value}" for field, value in combination.items())
            raise ConfigError(f"--include: the grid has {told} already", hint="See: isicbench run --dry-run")
    return list(found)[len(grid) :]


def _fits(config: Config, combination: Combination) -> bool:
    return all(getattr(config, field) == value for field, value in combination.items())
