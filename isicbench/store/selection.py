"""Selecting rows by many numbers at once, and putting text in order."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Integer, bindparam, collate
from sqlalchemy.orm import InstrumentedAttribute, Session


def among(column: InstrumentedAttribute[int] | ColumnElement[int], numbers: Sequence[int]) -> ColumnElement[bool]:
    """Whether the column holds one of the numbers, however many: a statement may bind only some 30,000 variables,
    so these stand in its text."""
    listed: Any = bindparam("numbers", list(numbers), Integer, unique=True, expanding=True, literal_execute=True)
    return column.in_(listed)


def in_byte_order(session: Session, column: InstrumentedAttribute[str]) -> ColumnElement[str]:
    """For `order_by`: text by its bytes on every database. A server would go by its language's rules, and figures that
    are drawn from images in their order would come out another way there."""
    return collate(column, "BINARY" if session.get_bind().dialect.name == "sqlite" else "C")
