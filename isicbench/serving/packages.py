"""The packages of the extra `serve`."""

from importlib.util import find_spec

from isicbench.errors import IsicbenchError

PACKAGES = ("starlette", "uvicorn")


def require_packages() -> None:
    """Raises `IsicbenchError` with the line to type where one of them is not installed."""
    if missing := [name for name in PACKAGES if find_spec(name) is None]:
        verb = "is" if len(missing) == 1 else "are"
        raise IsicbenchError(
            f"isicbench serve needs {' and '.join(missing)}, which {verb} not installed",
            hint="pip install 'isicbench[serve]'",
        )
