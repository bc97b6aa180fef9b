"""`--set KEY=VALUE`: a key of a study's file from the command line."""

from collections.abc import Iterator, Mapping, Sequence

from typer.core import TyperOption

from isicbench.choices import TRUTH, unknown
from isicbench.errors import ConfigError

OPTION = "--set"
COMBINATIONS = ("exclude", "include")
"""Options whose one value holds commas."""


def split_settings(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """What `--set` is given, and the other arguments."""
    settings, others = [], []
    rest = iter(arguments)
    for argument in rest:
        if argument == OPTION:
            settings.append(next(rest, ""))
        elif argument.startswith(f"{OPTION}="):
            settings.append(argument.removeprefix(f"{OPTION}="))
        else:
            others.append(argument)
    return settings, others


def setting_options(
    settings: Sequence[str], given: Sequence[str], by_key: Mapping[str, TyperOption]
) -> tuple[list[str], set[str]]:
    """The settings as options, and the keys that they set. Raises `ConfigError` for one that is none, or said twice."""
    found: list[str] = []
    keys: set[str] = set()
    taken = {argument.split("=", 1)[0] for argument in given}
    for setting in settings:
        name, equals, value = setting.partition("=")
        key = name.strip().replace("_", "-")
        if not equals:
            raise ConfigError(f"{OPTION} {setting}: no value", hint=f"For example: {OPTION} epochs=3")
        if key not in by_key:
            raise unknown(OPTION, key, sorted(by_key))
        option = by_key[key]
        if taken & set(option.opts) or (key in keys and key not in COMBINATIONS):
            raise ConfigError(f"{OPTION} {setting}: {option.opts[0]} is set twice", hint="Leave one of them out.")
        keys.add(key)
        found += _as_options(option, key, value.strip())
    return found, keys


def _as_options(option: TyperOption, key: str, value: str) -> Iterator[str]:
    name = option.opts[0]
    if option.is_flag:
        if value.lower() not in TRUTH:
            raise ConfigError(f"{OPTION} {key}={value}: expected true or false")
        return iter([name] if TRUTH[value.lower()] else [])
    several = value.split(",") if option.multiple and key not in COMBINATIONS else [value]
    return iter([f"{name}={one.strip()}" for one in several])
