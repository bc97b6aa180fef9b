"""Tools that some tests need and not every machine has: skipped there, but never where they are required."""

import os

import pytest


def required() -> set[str]:
    """The names in `ISICBENCH_REQUIRE`, which continuous integration sets: `latex,browser`."""
    return {name.strip() for name in os.environ.get("ISICBENCH_REQUIRE", "").split(",") if name.strip()}


def require(name: str, available: bool, reason: str) -> None:
    """Go on if the tool is there; else skip the test with the reason, or fail it where the tool is required."""
    if available:
        return
    if name in required():
        pytest.fail(f"ISICBENCH_REQUIRE names {name}, but {reason}", pytrace=False)
    pytest.skip(reason)
