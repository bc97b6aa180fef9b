"""Packages with plugins, put where Python finds them."""

import tomllib
from pathlib import Path

from isicbench.plugin_packages.writing import write_package
from isicbench.plugins import Kind


def put(site: Path, package: str, *, kind: Kind, code: str, entries: dict[str, str], version: str = "1.0") -> None:
    """A package of one module, as pip leaves it in a folder."""
    module = package.replace("-", "_")
    (site / f"{module}.py").write_text(code)
    info = site / f"{module}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\nLicense: MIT\n")
    lines = [f"{name} = {module}:{target}" for name, target in entries.items()]
    (info / "entry_points.txt").write_text("\n".join([f"[{kind.group}]", *lines, ""]))


def put_written(site: Path, kind: Kind, package: str) -> str:
    """What `isicbench new` writes; gives the plugin's name."""
    written = write_package(kind, package, output=site.parent / "written")
    module = package.replace("-", "_")
    project = tomllib.loads((written.folder / "pyproject.toml").read_text())["project"]
    entries = {name: value.partition(":")[2] for name, value in project["entry-points"][kind.group].items()}
    put(site, package, kind=kind, code=(written.folder / f"{module}.py").read_text(), entries=entries)
    return written.name
