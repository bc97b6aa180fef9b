"""Study files: TOML whose keys are the options of `isicbench run`. What stands on the command line comes first."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperOption

from isicbench.choices import unknown
from isicbench.errors import ConfigError

SUFFIX = ".toml"
LARGEST_BYTES = 1_000_000


class StudyFileCommand(TyperCommand):
    """A command that takes a study before its options: a file, or the name of one that isicbench ships."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and not args[0].startswith("-"):
            options = [option for option in self.params if isinstance(option, TyperOption)]
            args = [*study_options(args[0], args[1:], options, ctx), *args[1:]]
        parsed: list[str] = super().parse_args(ctx, args)
        return parsed

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return ["[STUDY]", *super().collect_usage_pieces(ctx)]


def shipped_studies() -> dict[str, str]:
    """Name and first line of each study that isicbench ships."""
    found = sorted((entry.name, entry.read_text()) for entry in files("isicbench.studies").iterdir())
    return {
        name.removesuffix(SUFFIX): text.splitlines()[0].lstrip("# ") for name, text in found if name.endswith(SUFFIX)
    }


def study_options(study: str, given: Sequence[str], options: Sequence[TyperOption], ctx: Any) -> list[str]:
    """The file's keys as options, without those that are `given` already.

    Raises `ConfigError`, with file and line, for what is no TOML, no option, or no value of its option.
    """
    name, text = _read(study)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}: {error}", hint="A line looks like: epochs = 10, or: lr = [1e-3, 1e-4]") from error
    by_key = {option.opts[0].removeprefix("--"): option for option in options}
    taken = {argument.split("=", 1)[0] for argument in given}
    found: list[str] = []
    for key, value in values.items():
        place = f"{name}, line {_line_of(key, text)}"
        option = by_key.get(key.replace("_", "-"))
        if option is None or key in ("help", "dry-run", "force"):
            raise _at(place, unknown("the key", key, sorted(by_key)))
        if not taken & set(option.opts):
            found += _as_options(option, value, place=place, ctx=ctx)
    return found


def _read(study: str) -> tuple[str, str]:
    path = Path(study)
    try:
        if path.is_file():
            with path.open("rb") as file:
                return str(path), file.read(LARGEST_BYTES).decode()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not text in UTF-8", hint="A study file is TOML.") from error
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


def _line_of(key: str, text: str) -> int:
    """Where the key stands first; 1 for one that is written in another way."""
    pattern = re.compile(rf'^\s*(\[\[?\s*)?["\']?{re.escape(key)}["\']?\s*(\]\]?|=|\.)')
    return next((number for number, line in enumerate(text.splitlines(), start=1) if pattern.match(line)), 1)


def _at(place: str, error: ConfigError) -> ConfigError:
    return ConfigError(f"{place}: {error.message}", hint=error.hint)
