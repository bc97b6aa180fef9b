"""Numbers as the database keeps them."""

import math
from typing import Any


def finite(values: dict[str, Any]) -> dict[str, Any]:
    """NaN and infinity as NULL: SQLite would store them as something that compares."""
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in values.items()}


def number(value: float | None) -> float:
    """A figure that was not finite is NULL in the database and NaN in a record."""
    return math.nan if value is None else value
