"""Writes docs/dependencies.md: what isicbench needs, and each package's licence. Run by `make docs`."""

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "dependencies.md"
CUDA = re.compile(r"nvidia-(?!ml-py)|triton$|cuda-")
"""Packages that torch's builds for CUDA bring along, under NVIDIA's own licence (triton: MIT)."""
HEAD = """\
# Dependencies and their licences

Every package that `pip install isicbench` brings, as each states its licence itself. Builds of torch for CUDA bring
NVIDIA's libraries as well (`nvidia-*`, under NVIDIA's licence) and triton (MIT). This page is generated:

```sh
python -m docs.generate_dependencies
```

Known vulnerabilities in them are looked up by `make audit`, which needs pip-audit and internet, and says so where
either is missing.

| package | needed by | licence |
|---|---|---|
"""


def direct_dependencies() -> list[str]:
    """The names in pyproject.toml, extras aside."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [canonicalize_name(Requirement(line).name) for line in project["dependencies"]]


def all_dependencies() -> dict[str, set[str]]:
    """Every package that is needed in the end, with those that need it; without those of CUDA builds."""
    found: dict[str, set[str]] = {name: {"isicbench"} for name in direct_dependencies()}
    waiting = list(found)
    while waiting:
        parent = waiting.pop()
        for name in _needs(parent):
            if name not in found:
                waiting.append(name)
            found.setdefault(name, set()).add(parent)
    return found


def licence(name: str) -> str:
    """As the package states it: an SPDX expression, a classifier, or the first line of what it calls its licence."""
    stated = metadata(name)
    if expression := stated.get("License-Expression"):
        return expression
    classifiers = [line.split(" :: ")[-1] for line in _all(stated, "Classifier") if line.startswith("License :: ")]
    names = [one for one in classifiers if one != "OSI Approved"]
    if names:
        return ", ".join(dict.fromkeys(names))
    first_line = next(iter((stated.get("License") or "").strip().splitlines()), "")
    return first_line[:60] or "not stated"


def page() -> str:
    lines = []
    for name, parents in sorted(all_dependencies().items()):
        shown = ", ".join(sorted(parents, key=lambda parent: (parent != "isicbench", parent)))
        lines.append(f"| {name} | {shown} | {licence(name)} |\n")
    return HEAD + "".join(lines)


def _needs(name: str) -> Iterator[str]:
    try:
        lines = requires(name) or []
    except PackageNotFoundError:
        return
    for line in lines:
        requirement = Requirement(line)
        needed = canonicalize_name(requirement.name)
        if (requirement.marker is None or requirement.marker.evaluate({"extra": ""})) and not CUDA.match(needed):
            yield needed


def _all(stated: PackageMetadata, key: str) -> list[str]:
    return stated.get_all(key) or []


if __name__ == "__main__":
    PAGE.write_text(page())
