"""How often Python looks for cycles among its objects."""

import gc

NEW_OBJECTS = 50_000
"""Python's own 700 to 2,000 make it look hundreds of times while a thousand runs are read, which takes a fifth of the
time and finds nothing."""


def collect_rarely() -> None:
    """For a command that ends soon: look once in so many new objects."""
    gc.set_threshold(NEW_OBJECTS, 10, 10)
