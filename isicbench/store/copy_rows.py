"""Copying runs from one database into another, a transaction each; rows that runs share are found or added."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Table as SqlTable
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.engine import Connection

from isicbench.errors import StoreError
from isicbench.records import RunStatus
from isicbench.store.copy_plan import TABLES, PlannedRun, highest_number, missing_links, next_number

Row = dict[str, Any]
REPLACED = ("epochs", "evaluations", "probabilities", "diagnoses", "predictions", "artifacts")
"""What belongs to one run."""
ROWS_AT_ONCE = 5_000


def copy_run(
    source: Connection,
    target: Connection,
    planned: PlannedRun,
    *,
    target_numbers: Mapping[int, int],
    renamed: Callable[[str], str],
) -> None:
    """Write one run with all that belongs to it, in a transaction that the caller holds.

    `renamed` gives the recorded path of a file as it is in the target. Raises `StoreError` where the target has changed
    since the plan was made.
    """
    [row] = _rows(source, "runs", id=planned.number)
    number = target_numbers[planned.number]
    if planned.action == "extend":
        _copy_scores(source, target, planned.number, number)
        return
    values = row | {
        "id": number,
        "experiment_id": _experiment(source, target, row["experiment_id"]),
        "environment_id": _environment(source, target, row["environment_id"]),
        "retry_of": _present_run(target, target_numbers.get(row["retry_of"])),
        "log_path": renamed(row["log_path"]),
    }
    if planned.action == "add":
        _require_unused(target, number)
        _insert_numbered(target, TABLES["runs"], values)
    else:
        _require_idle(target, planned.uid)
        for name in REPLACED:
            target.execute(delete(TABLES[name]).where(TABLES[name].c.run_id == number))
        target.execute(update(TABLES["runs"]).where(TABLES["runs"].c.id == number).values(values))
    _copy_own(source, target, planned.number, number, renamed=renamed)


def copy_datasets(source: Connection, target: Connection) -> None:
    """Also those that runs were only evaluated on; each with its images, where the target has none of them."""
    for row in _rows(source, "datasets"):
        dataset_id = _find_or_add(target, "datasets", row, key=("fingerprint",))
        images = TABLES["dataset_images"]
        if target.execute(select(images.c.image_id).where(images.c.dataset_id == dataset_id).limit(1)).scalar() is None:
            found = _rows(source, "dataset_images", dataset_id=row["id"])
            _insert(target, images, [image | {"dataset_id": dataset_id} for image in found])


def copy_studies(source: Connection, target: Connection, target_numbers: Mapping[int, int]) -> None:
    """Studies of the runs that the target has by now; those that it knows get what runs they lack."""
    ids: dict[int, int] = {}
    for study_id, run_id, position, skipped in missing_links(source, target, target_numbers):
        if study_id not in ids:
            ids[study_id] = _study(source, target, study_id)
        link = {"study_id": ids[study_id], "run_id": run_id, "position": position, "skipped": skipped}
        target.execute(insert(TABLES["study_runs"]).values(link))


def _copy_own(source: Connection, target: Connection, old: int, new: int, *, renamed: Callable[[str], str]) -> None:
    _insert(target, TABLES["epochs"], [row | {"run_id": new} for row in _rows(source, "epochs", run_id=old)])
    _copy_scores(source, target, old, new)
    own = {"run_id": new}
    diagnoses = [_without_id(row) | own for row in _rows(source, "diagnoses", run_id=old)]
    artifacts = [
        _without_id(row) | own | {"path": renamed(row["path"])} for row in _rows(source, "artifacts", run_id=old)
    ]
    predictions = [
        row | own | {"sample_id": _sample(source, target, row["sample_id"])}
        for row in _rows(source, "predictions", run_id=old)
    ]
    for name, rows in (("diagnoses", diagnoses), ("artifacts", artifacts), ("predictions", predictions)):
        _insert(target, TABLES[name], rows)


def _copy_scores(source: Connection, target: Connection, old: int, new: int) -> None:
    """Evaluations, other packages' metrics and distributions that the target's run lacks."""
    scored = ("dataset_fingerprint", "split", "resolution", "threshold")
    owner = ("run_id", old, new)
    evaluations = _copy_with_parts(source, target, "evaluations", "image_scores", "evaluation_id", owner, key=scored)
    for theirs, ours in evaluations.items():
        owned = ("evaluation_id", theirs, ours)
        _copy_with_parts(source, target, "plugin_metrics", "plugin_scores", "metric_id", owned, key=("name",))
    key = ("dataset_fingerprint", "split")
    _copy_with_parts(source, target, "probabilities", "threshold_scores", "probability_id", owner, key=key)


def _copy_with_parts(
    source: Connection,
    target: Connection,
    whole: str,
    parts: str,
    reference: str,
    owner: tuple[str, int, int],
    *,
    key: Sequence[str],
) -> dict[int, int]:
    """What the target lacks of it; the target's number by the source's, also of what it had."""
    column, old, new = owner
    numbers = {tuple(row[name] for name in key): row["id"] for row in _rows(target, whole, **{column: new})}
    copied = {}
    for row in _rows(source, whole, **{column: old}):
        same = tuple(row[name] for name in key)
        if same not in numbers:
            numbers[same] = _add(target, TABLES[whole], _without_id(row) | {column: new})
            found = _rows(source, parts, **{reference: row["id"]})
            _insert(target, TABLES[parts], [part | {reference: numbers[same]} for part in found])
        copied[row["id"]] = numbers[same]
    return copied


def _experiment(source: Connection, target: Connection, number: int) -> int:
    """The target's name for it stays."""
    [row] = _rows(source, "experiments", id=number)
    row["dataset_id"] = _dataset(source, target, row["dataset_id"])
    return _find_or_add(target, "experiments", row, key=("config_hash",))


def _dataset(source: Connection, target: Connection, number: int) -> int:
    [row] = _rows(source, "datasets", id=number)
    return _find_or_add(target, "datasets", row, key=("fingerprint",))


def _environment(source: Connection, target: Connection, number: int | None) -> int | None:
    if number is None:
        return None
    [row] = _rows(source, "environments", id=number)
    return _find_or_add(target, "environments", row, key=("content_hash",))


def _sample(source: Connection, target: Connection, number: int) -> int:
    [row] = _rows(source, "samples", id=number)
    row["dataset_id"] = _dataset(source, target, row["dataset_id"])
    return _find_or_add(target, "samples", row, key=("dataset_id", "image_id", "size_px"))


def _study(source: Connection, target: Connection, number: int) -> int:
    [row] = _rows(source, "studies", id=number)
    table = TABLES["studies"]
    same = (table.c.command == row["command"], table.c.created_at == row["created_at"])
    found = target.execute(select(table.c.id).where(*same)).scalar()
    if found is not None:
        return int(found)
    row["id"] = next_number(row["id"], highest_number(target, "studies"))
    _insert_numbered(target, table, row)
    return int(row["id"])


def _present_run(target: Connection, number: int | None) -> int | None:
    """None for one that is not there, as where the run that was retried has been removed."""
    return target.execute(select(TABLES["runs"].c.id).where(TABLES["runs"].c.id == number)).scalar()


def _require_unused(target: Connection, number: int) -> None:
    if highest_number(target, "runs") >= number:
        raise StoreError("runs were added to the target meanwhile", hint="Give the same command again: it goes on.")


def _require_idle(target: Connection, uid: str) -> None:
    runs = TABLES["runs"]
    if target.execute(select(runs.c.status).where(runs.c.uid == uid)).scalar() == RunStatus.RUNNING.value:
        raise StoreError("the target has begun to train a run", hint="Give the same command again: it goes on.")


def _insert_numbered(target: Connection, table: SqlTable, row: Row) -> None:
    """With its number, and so that the next row that is added gets a higher one."""
    target.execute(insert(table).values(row))
    if target.dialect.name != "sqlite":
        advance = text("SELECT setval(pg_get_serial_sequence(:table, 'id'), :number)")
        target.execute(advance, {"table": table.name, "number": row["id"]})


def _find_or_add(target: Connection, name: str, row: Row, *, key: Sequence[str]) -> int:
    table = TABLES[name]
    same = [table.c[column] == row[column] for column in key]
    found = target.execute(select(table.c.id).where(*same)).scalar()
    return int(found) if found is not None else _add(target, table, _without_id(row))


def _add(target: Connection, table: SqlTable, row: Row) -> int:
    return int(target.execute(insert(table).values(row).returning(table.c.id)).scalar_one())


def _insert(target: Connection, table: SqlTable, rows: Sequence[Row]) -> None:
    for start in range(0, len(rows), ROWS_AT_ONCE):
        target.execute(insert(table), list(rows[start : start + ROWS_AT_ONCE]))


def _rows(connection: Connection, name: str, **where: int | str) -> list[Row]:
    """In the order of their keys."""
    table = TABLES[name]
    same = [table.c[column] == value for column, value in where.items()]
    query = select(table).where(*same).order_by(*table.primary_key.columns)
    return [dict(row) for row in connection.execute(query).mappings()]


def _without_id(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "id"}
