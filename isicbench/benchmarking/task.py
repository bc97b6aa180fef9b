"""A piece of work whose imports are timed apart from it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Task:
    load: Callable[[], object]
    """The imports that the work needs."""
    do: Callable[[], object]
