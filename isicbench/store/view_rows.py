"""The rows of a view for people, as the database gives them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Integer, column, select, table
from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from isicbench.store.selection import among

View = Literal["results", "epoch_results", "image_results"]

ORDERS: dict[View, tuple[str, ...]] = {
    "results": ("run_id",),
    "epoch_results": ("run_id", "epoch"),
    "image_results": ("run_id", "split", "resolution", "threshold", "dataset_fingerprint", "image_id"),
}


@dataclass(frozen=True, slots=True)
class ViewRows:
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    """Booleans and times are what the driver makes of them: SQLite knows neither."""


def view_rows(session: Session, view: View, run_ids: Sequence[int] | None) -> ViewRows:
    """All rows, or those of some runs, in an order that does not depend on how they were written."""
    query = select(sql("*")).select_from(table(view)).order_by(*(column(name) for name in ORDERS[view]))
    if run_ids is not None:
        query = query.where(among(column("run_id", Integer), run_ids))
    found = session.execute(query)
    return ViewRows(columns=tuple(found.keys()), rows=[tuple(row) for row in found])
