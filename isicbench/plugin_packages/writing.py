"""Writing the package: pyproject.toml with the entry point, a module, a test and a README."""

import keyword
import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from isicbench import __version__
from isicbench.data.whole_folder import whole_folder
from isicbench.errors import ConfigError
from isicbench.plugins import Kind

ENTRIES = {
    Kind.ENCODER: "strided",
    Kind.DECODER: "summed",
    Kind.LOSS: "weighted_bce",
    Kind.DATASET: "discs",
    Kind.METRIC: "area_error",
}
"""What the example of each kind is called after the package's name."""
_RUN = "isicbench run --dataset synthetic --weights random"
_USES = {
    Kind.ENCODER: f"{_RUN} --encoder {{name}}",
    Kind.DECODER: f"{_RUN} --decoder {{name}}",
    Kind.LOSS: f"{_RUN} --loss {{name}}",
    Kind.DATASET: "isicbench run --weights random --dataset {name}",
    Kind.METRIC: f"{_RUN}    # it is computed for every run from now on",
}
_PACKAGE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenPackage:
    folder: Path
    name: str
    """`PACKAGE:NAME`, the plugin's."""
    use: str
    """A command that uses it."""


def write_package(kind: Kind, package: str, *, output: Path) -> WrittenPackage:
    """Write `output/package`, whole or not at all. Raises `ConfigError` for a name that cannot be, or is taken."""
    module = package.replace("-", "_")
    _require_name(package, module)
    folder = output / package
    if folder.exists():
        raise ConfigError(f"{folder} is there already", hint="Choose another name, or another place: --output FOLDER")
    entry = ENTRIES[kind]
    name = f"{package}:{entry}"
    use = _USES[kind].format(name=name)
    values = {
        "kind": kind.value,
        "group": kind.group,
        "package": package,
        "module": module,
        "entry": entry,
        "name": name,
        "use": use,
        "version": __version__,
    }
    with whole_folder(folder, hint="Name a folder that can be written: --output FOLDER") as made:
        (made / "tests").mkdir()
        for template, path in (
            ("pyproject.toml", "pyproject.toml"),
            ("README.md", "README.md"),
            (f"{kind.value}.py", f"{module}.py"),
            (f"test_{kind.value}.py", f"tests/test_{module}.py"),
        ):
            text = _environment().get_template(f"{template}.j2").render(values)
            (made / path).write_text(text, encoding="utf-8")
    return WrittenPackage(folder=folder, name=name, use=use)


def _require_name(package: str, module: str) -> None:
    if not _PACKAGE.fullmatch(package):
        raise ConfigError(
            f"{package}: expected a package's name of lower-case letters, digits and single hyphens",
            hint="For example: isicbench new encoder lesion-nets",
        )
    if keyword.iskeyword(module) or find_spec(module) is not None:
        raise ConfigError(
            f"{package}: Python has a module {module} already, which this package would hide",
            hint="Choose another name.",
        )


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("isicbench.plugin_packages"),
        undefined=StrictUndefined,
        autoescape=False,  # Python and TOML, not HTML; every value was checked
        keep_trailing_newline=True,
    )
