"""Study files, whose keys are the options of `isicbench run`. What stands on the command line comes first."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperOption

from isicbench.choices import unknown
from isicbench.cli.settings import setting_options, split_settings
from isicbench.cli.study_text import entries_of
from isicbench.errors import ConfigError

SUFFIX = ".toml"
LARGEST_BYTES = 1_000_000
NO_KEYS = ("help", "dry-run", "force", "set")
"""Options that say what a command does, not what a study is."""


class StudyFileCommand(TyperCommand):
    """A command that takes a study before its options: a file, or the name of one that isicbench ships."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        by_key = keys_of(option for option in self.params if isinstance(option, TyperOption))
        settings, given = split_settings(args)
        set_options, set_keys = setting_options(settings, given, by_key)
        if given and not given[0].startswith("-"):
            study, *given = given
            given = [*study_options(study, given, by_key, ctx, without=set_keys), *given]
        parsed: list[str] = super().parse_args(ctx, [*set_options, *given])
        return parsed

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return ["[STUDY]", *super().collect_usage_pieces(ctx)]


def shipped_studies() -> dict[str, str]:
    """Name and first line of each study that isicbench ships."""
    found = sorted((entry.name, entry.read_text()) for entry in files("isicbench.studies").iterdir())
    return {
        name.removesuffix(SUFFIX): text.splitlines()[0].lstrip("# ") for name, text in found if name.endswith(SUFFIX)
    }


def keys_of(options: Iterable[TyperOption]) -> dict[str, TyperOption]:
    """The options that may stand in a study file, by their keys."""
    by_key = {option.opts[0].removeprefix("--"): option for option in options}
    return {key: option for key, option in by_key.items() if key not in NO_KEYS}


def study_options(
    study: str, given: Sequence[str], by_key: Mapping[str, TyperOption], ctx: Any, *, without: Collection[str] = ()
) -> list[str]:
    """The file's keys as options, `without` some and without those that are `given` already.

    Raises `ConfigError`, with file and line, for what is no TOML or YAML, no option, or no value of its option.
    """
    name, text = _read(study)
    taken = {argument.split("=", 1)[0] for argument in given}
    found: list[str] = []
    for entry in entries_of(name, text):
        place = f"{name}, line {entry.line}"
        key = entry.key.replace("_", "-")
        if key not in by_key:
            raise _at(place, unknown("the key", entry.key, sorted(by_key)))
        if key not in without and not taken & set(by_key[key].opts):
            found += _as_options(by_key[key], entry.value, place=place, ctx=ctx)
    return found


def _read(study: str) -> tuple[str, str]:
    path = Path(study)
    try:
        if path.is_file():
            with path.open("rb") as file:
                return str(path), file.read(LARGEST_BYTES).decode()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not text in UTF-8", hint="A study file is TOML or YAML.") from error
    if study in shipped_studies():
        return f"the study {study}", files("isicbench.studies").joinpath(study + SUFFIX).read_text()
    raise ConfigError(
        f"{study}: neither a study file nor a study that isicbench ships",
        hint=f"There are: {', '.join(shipped_studies())}. A file of your own: isicbench run study.toml",
    )


def _as_options(option: TyperOption, value: Any, *, place: str, ctx: Any) -> Iterator[str]:
    name = option.opts[0]
    if option.is_flag:
        if not isinstance(value, bool):
            raise ConfigError(f"{place}: {name} is true or false, not {value!r}")
        return iter([name] if value else [])
    several = value if isinstance(value, list) else [value]
    if len(several) != 1 and not option.multiple:
        raise ConfigError(f"{place}: {name} takes one value, not {len(several)}")
    return iter([f"{name}={_text(option, one, place=place, ctx=ctx)}" for one in several])


def _text(option: TyperOption, value: Any, *, place: str, ctx: Any) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{key}={_plain(one, place=place)}" for key, one in value.items())
    text = _plain(value, place=place)
    try:
        option.process_value(ctx, [text] if option.multiple else text)
    except typer.BadParameter as error:
        raise ConfigError(f"{place}: {option.opts[0]} {text}: {error.message}") from error
    return text


def _plain(value: Any, *, place: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    raise ConfigError(f"{place}: expected a number, a text, or a list of them")


def _at(place: str, error: ConfigError) -> ConfigError:
    return ConfigError(f"{place}: {error.message}", hint=error.hint)
