"""What other packages add, found by their entry points and imported only where it is used.

A plugin's name is `PACKAGE:NAME`: the package that pip installs, and the name of its entry point. So it can be no
built-in one's, of this version or a later one, nor another package's.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from functools import lru_cache
from inspect import getdoc
from typing import TYPE_CHECKING, Any

from isicbench import harmless
from isicbench.errors import ConfigError, IsicbenchError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint, PackageMetadata

RESERVED = "timm"
"""What stands before the colon in names of timm's encoders."""
_NAME = re.compile(r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?:[\w.-]+")


class Kind(StrEnum):
    ENCODER = "encoder"
    DECODER = "decoder"
    LOSS = "loss"
    DATASET = "dataset"
    METRIC = "metric"

    @property
    def plural(self) -> str:
        return "losses" if self is Kind.LOSS else f"{self.value}s"

    @property
    def group(self) -> str:
        """Of entry points: `isicbench.encoders`, and so on."""
        return f"isicbench.{self.plural}"


class PluginError(ConfigError):
    """A plugin cannot be imported, or is not what its kind must be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """An entry point of an installed package; its code is not imported yet."""

    kind: Kind
    name: str
    """`PACKAGE:NAME`."""
    package: str
    version: str
    licence: str
    """As the package states it; empty where it does not."""
    entries: "tuple[EntryPoint, ...]"
    """One, or several of one name, none of which can be used."""

    @property
    def source(self) -> str:
        return f"{self.package} {self.version}"

    def load(self) -> Any:
        """The object that the entry point names; raises `PluginError` with the package and what went wrong."""
        if not is_plugin_name(self.name):
            raise self.error("a name is of letters, digits, hyphens, dots and underscores")
        if len(self.entries) > 1:
            places = " and ".join(entry.value for entry in self.entries)
            raise self.error(f"two entry points have this name, {places}")
        try:
            found = self.entries[0].load()
        except (Exception, SystemExit) as error:
            raise self.error(_told(error)) from error
        if not callable(found):
            raise self.error(f"{self.entries[0].value} cannot be called")
        return found

    def call(self, function: Any, *arguments: Any, **named: Any) -> Any:
        """Call something of the plugin's; what it raises becomes a `PluginError`, but for isicbench's own errors."""
        try:
            return function(*arguments, **named)
        except IsicbenchError:
            raise
        except Exception as error:
            raise self.error(_told(error)) from error

    def error(self, problem: str) -> PluginError:
        return PluginError(
            f"the {self.kind.value} {self.name} of {self.source} cannot be used: {problem}",
            hint=f"Mend the package, or remove it: pip uninstall {self.package}. "
            "What a plugin must be: docs/how-to/plugins.md",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPart:
    """A loss, dataset or metric as it is listed."""

    name: str
    what: str
    """One line."""
    package: str = ""
    """Package and version; empty for a built-in one."""
    licence: str = ""
    problem: str = ""
    """Why it cannot be used."""


def list_plugins(kind: Kind, *, check: Callable[[Plugin], Any]) -> Iterator[ListedPart]:
    """The installed ones of a kind, by name; `check` gives the object that is described, or raises `PluginError`."""
    for plugin in plugins(kind):
        try:
            what, problem = first_line(check(plugin)), ""
        except PluginError as error:
            what, problem = "", error.message
        yield ListedPart(name=plugin.name, what=what, package=plugin.source, licence=plugin.licence, problem=problem)


def first_line(described: Any) -> str:
    """Of an object's docstring; empty where it has none."""
    return harmless.first_line(getdoc(described) or "").removesuffix(".")


def is_plugin_name(name: str) -> bool:
    """Whether a name has a plugin's form, installed here or not: a database may come from another machine."""
    return _NAME.fullmatch(name) is not None and not name.startswith(f"{RESERVED}:")


@lru_cache(maxsize=1)
def installed() -> tuple[Plugin, ...]:
    """Every plugin of this Python, by kind and name; nothing is imported."""
    return tuple(plugin for kind in Kind for plugin in _plugins(kind))


def plugins(kind: Kind) -> tuple[Plugin, ...]:
    """Those of one kind, by name."""
    return tuple(plugin for plugin in installed() if plugin.kind is kind)


def find_plugin(kind: Kind, name: str) -> Plugin:
    """Raises `ConfigError` where no installed package has it."""
    for plugin in plugins(kind):
        if plugin.name == name:
            return plugin
    package = name.partition(":")[0]
    if any(plugin.package == package for plugin in installed()):
        raise not_known(kind, name, ())
    raise ConfigError(
        f"--{kind.value} {name}: the package {package} is not installed here, or has no {kind.value} for isicbench",
        hint=f"Install it: pip install {package}. All of them: isicbench {kind.plural}",
    )


def not_known(kind: Kind, name: str, built_in: Sequence[str]) -> ConfigError:
    """For a name that is neither built in nor a plugin's, with the nearest one that is."""
    near = get_close_matches(name, [*built_in, *(plugin.name for plugin in plugins(kind))], n=1)
    meant = f"Did you mean {near[0]}? " if near else ""
    return ConfigError(f"--{kind.value} {name}: not known", hint=f"{meant}All of them: isicbench {kind.plural}")


def packages_of(names: Iterable[str]) -> dict[str, str]:
    """Package and version of each plugin among the names of a config; built-in ones have none."""
    wanted = set(names)
    return {plugin.package: plugin.version for plugin in installed() if plugin.name in wanted}


def _plugins(kind: Kind) -> list[Plugin]:
    from importlib.metadata import entry_points  # where something is looked for: it takes as long as all the rest

    by_name: dict[tuple[str, str], list[EntryPoint]] = {}
    for entry in entry_points(group=kind.group):
        if entry.dist is not None:
            by_name.setdefault((_canonical(entry.dist.name), entry.name), []).append(entry)
    return [_plugin(kind, package, name, entries) for (package, name), entries in sorted(by_name.items())]


def _plugin(kind: Kind, package: str, name: str, entries: "Sequence[EntryPoint]") -> Plugin:
    distribution = entries[0].dist
    assert distribution is not None
    return Plugin(
        kind=kind,
        name=f"{package}:{name}",
        package=package,
        version=distribution.version,
        licence=_licence(distribution.metadata),
        entries=tuple(entries),
    )


def _canonical(package: str) -> str:
    """As PEP 503 writes it."""
    return re.sub(r"[-_.]+", "-", package).lower()


def _licence(stated: "PackageMetadata") -> str:
    for key in ("License-Expression", "License"):
        if key in stated and (found := stated[key].strip()):
            return found.splitlines()[0]
    return ""


def _told(error: BaseException) -> str:
    """Type and first line."""
    first = harmless.first_line(str(error))
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
