"""Selecting rows by many numbers at once."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Integer, bindparam
from sqlalchemy.orm import InstrumentedAttribute


def among(column: InstrumentedAttribute[int] | ColumnElement[int], numbers: Sequence[int]) -> ColumnElement[bool]:
    """Whether the column holds one of the numbers, however many: a statement may bind only some 30,000 variables,
    so these stand in its text."""
    listed: Any = bindparam("numbers", list(numbers), Integer, unique=True, expanding=True, literal_execute=True)
    return column.in_(listed)
