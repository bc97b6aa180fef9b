"""All that a database holds, table by table, without the numbers that mean nothing beyond it."""

from typing import Any

from sqlalchemy import select

from isicbench.store.engine import read_only
from isicbench.store.schema import Table
from isicbench.store.urls import database_url

NUMBERED = ("runs", "studies")
"""Their numbers are what people type."""
NAMES = {
    "datasets": ("fingerprint",),
    "experiments": ("config_hash",),
    "environments": ("content_hash",),
    "studies": ("command", "created_at"),
    "runs": ("uid",),
    "evaluations": ("run_id", "dataset_fingerprint", "split", "resolution", "threshold"),
    "probabilities": ("run_id", "split", "dataset_fingerprint"),
    "samples": ("dataset_id", "image_id", "size_px"),
}
"""What tells a row from others in any database."""


def content(database: str, *, numbers: bool = True) -> dict[str, list[str]]:
    """Each table's rows in one order, with references by name; `numbers` of runs and studies as well."""
    with read_only(database_url(database)) as connection:
        tables = {
            table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
            for table in Table.metadata.sorted_tables
        }
    names: dict[tuple[str, Any], Any] = {}
    found: dict[str, list[str]] = {}
    for table in _parents_first():
        rows = []
        for row in tables[table.name]:
            named = row | {key.parent.name: _name(names, key, row) for key in table.foreign_keys}
            if table.name in NAMES:
                names[table.name, row["id"]] = tuple(named[column] for column in NAMES[table.name])
            if table.name not in NUMBERED or not numbers:
                named.pop("id", None)
            if not numbers:  # of a run, the folder's name holds its number
                named = {key: value for key, value in named.items() if key not in ("log_path", "path")}
            rows.append(repr(sorted(named.items())))
        found[table.name] = sorted(rows)
    return found


def _parents_first() -> list[Any]:
    return list(Table.metadata.sorted_tables)


def _name(names: dict[tuple[str, Any], Any], key: Any, row: dict[str, Any]) -> Any:
    number = row[key.parent.name]
    return names.get((key.column.table.name, number), number)
