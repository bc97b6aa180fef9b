"""The settings that a search may choose among: ranges of numbers, and choices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from isicbench.choices import unknown
from isicbench.config import Config
from isicbench.errors import ConfigError
from isicbench.report.run_options import OPTIONS
from isicbench.scheduling.leaving_out import FIELDS, read_combination

RANGES = ("learning_rate", "batch_size", "weight_decay", "warmup_epochs", "encoder_rate_share", "clip_norm")
"""Config fields that a range can be of."""
WHOLE = ("batch_size",)
_RANGE_NAMES = {OPTIONS[field].removeprefix("--"): field for field in RANGES}
_CHOICE_NAMES = {name: field for name, field in FIELDS.items() if field != "weights"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Numbers from `low` to `high`, both among them; evenly in their logarithm with `log`."""

    name: str
    """The option's, without dashes."""
    field: str
    low: float
    high: float
    log: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of these values."""

    name: str
    field: str
    values: tuple[Any, ...]


Dimension = Range | Choice


def read_space(ranges: Sequence[str], choices: Sequence[str]) -> tuple[Dimension, ...]:
    """From `lr=1e-5..1e-2:log` and `decoder=conv,fpn`. Raises `ConfigError`."""
    space: list[Dimension] = [*map(_read_range, ranges), *map(_read_choice, choices)]
    fields = [dimension.field for dimension in space]
    if not space:
        raise ConfigError("nothing to search", hint="For example: --range lr=1e-5..1e-2:log --choice decoder=conv,fpn")
    if twice := [dimension.name for dimension in space if fields.count(dimension.field) > 1]:
        raise ConfigError(f"{twice[0]} is searched twice", hint="Name each setting once.")
    return tuple(space)


def values_of(config: Config, space: Sequence[Dimension]) -> dict[str, Any]:
    """What a trial's config has chosen, by the options' names."""
    return {dimension.name: getattr(config, dimension.field) for dimension in space}


def fields_of(values: Mapping[str, Any], space: Sequence[Dimension]) -> dict[str, Any]:
    """The same by config field."""
    return {dimension.field: values[dimension.name] for dimension in space}


def _read_range(text: str) -> Range:
    name, _, spread = text.partition("=")
    name = name.strip().replace("_", "-")
    if name not in _RANGE_NAMES:
        raise unknown("--range", name, sorted(_RANGE_NAMES))
    bounds, colon, kind = spread.partition(":")
    low, dots, high = bounds.partition("..")
    field = _RANGE_NAMES[name]
    number = int if field in WHOLE else float
    try:
        found = Range(name=name, field=field, low=number(low), high=number(high), log=kind == "log")
    except ValueError:
        dots = ""
    if not dots or (colon and kind != "log") or not found.low < found.high or (found.log and found.low <= 0):
        raise ConfigError(
            f"--range {text}: expected {name}=LOW..HIGH, or {name}=LOW..HIGH:log above 0",
            hint="For example: --range lr=1e-5..1e-2:log",
        )
    return found


def _read_choice(text: str) -> Choice:
    name, _, listed = text.partition("=")
    name = name.strip().replace("_", "-")
    if name not in _CHOICE_NAMES:
        raise unknown("--choice", name, sorted(_CHOICE_NAMES))
    field = _CHOICE_NAMES[name]
    try:
        values = [read_combination(f"{name}={value}")[field] for value in listed.split(",")]
    except ConfigError:
        values = []
    if len(set(values)) < 2:
        raise ConfigError(
            f"--choice {text}: expected two values or more of {name}", hint="For example: --choice decoder=conv,fpn"
        )
    return Choice(name=name, field=field, values=tuple(dict.fromkeys(values)))
