"""A study file's keys with their values and lines, from TOML or YAML."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

from isicbench.errors import ConfigError
from isicbench.harmless import first_line

YAML_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    key: str
    value: Any
    line: int


def entries_of(name: str, text: str) -> list[Entry]:
    """The file's keys in their order; raises `ConfigError`, with the line, for what cannot be read."""
    return list(_yaml_entries(name, text) if name.endswith(YAML_SUFFIXES) else _toml_entries(name, text))


def _toml_entries(name: str, text: str) -> Iterator[Entry]:
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, and thousands of brackets, too
        raise ConfigError(
            f"{name}: {first_line(str(error))}", hint="A line looks like: epochs = 10, or: lr = [1e-3, 1e-4]"
        ) from error
    for key, value in values.items():
        yield Entry(key=key, value=value, line=_line_of(key, text))


def _line_of(key: str, text: str) -> int:
    """Where the key stands first; 1 for one that is written in another way."""
    pattern = re.compile(rf'^\s*(\[\[?\s*)?["\']?{re.escape(key)}["\']?\s*(\]\]?|=|\.)')
    return next((number for number, line in enumerate(text.splitlines(), start=1) if pattern.match(line)), 1)


def _yaml_entries(name: str, text: str) -> Iterator[Entry]:
    yaml = _yaml_package(name)
    hint = "A line looks like: epochs: 10, or: lr: [0.001, 0.0001]"
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if node is None:
            return
        if not isinstance(node, yaml.MappingNode):
            raise ConfigError(f"{name}, line {node.start_mark.line + 1}: expected keys with values", hint=hint)
        seen: dict[str, int] = {}
        for key_node, value_node in node.value:
            key, line = str(key_node.value), key_node.start_mark.line + 1
            if key in seen:
                raise ConfigError(f"{name}, line {line}: the key {key} stands in line {seen[key]} already")
            seen[key] = line
            yield Entry(key=key, value=loader.construct_object(value_node, deep=True), line=line)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{name}, line {mark.line + 1}" if mark else name
        said = getattr(error, "problem", None) or first_line(str(error))
        raise ConfigError(f"{place}: {said}", hint=hint) from error


def _yaml_package(name: str) -> ModuleType:
    try:
        return import_module("yaml")
    except ImportError as error:
        raise ConfigError(
            f"{name}: PyYAML is not installed", hint="pip install 'isicbench[yaml]', or write the study in TOML"
        ) from error
