"""Packages that only an export needs."""

from importlib.util import find_spec

from isicbench.errors import IsicbenchError

INSTALL = "pip install 'isicbench[export]'"


def require_package(module: str, *, package: str, wanted_for: str) -> None:
    """Raise `IsicbenchError` with the line that installs it where the module is not there."""
    if find_spec(module) is None:
        raise IsicbenchError(
            f"--to {wanted_for} needs {package}, which is not installed", hint=f"Install it: {INSTALL}"
        )
