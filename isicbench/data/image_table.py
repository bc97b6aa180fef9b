"""Tables of images that a user has: a row an image, with its id and what is known of it."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from isicbench.choices import some_of, unknown
from isicbench.data.pairing import ANY_SUFFIXES
from isicbench.errors import DataError

ID_COLUMNS = ("image_id", "image", "isic_id", "id", "image_name", "filename", "file", "name")
SPLIT_COLUMN = "split"
SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}
NAMED = 10

Rows = Sequence[Mapping[str, str]]


def read_splits(path: Path, image_ids: Sequence[str]) -> dict[str, str]:
    """`train`, `validation` or `test` by image id. Raises `DataError` where the file is no table of these images."""
    found = read_column(path, SPLIT_COLUMN, image_ids)
    for image_id, value in found.items():
        if value.lower() not in SPLIT_NAMES:
            raise DataError(
                f"{path}: image {image_id} has the split {value!r}", hint="There are: train, validation and test."
            )
    return {image_id: SPLIT_NAMES[value.lower()] for image_id, value in found.items()}


def read_column(path: Path, column: str, image_ids: Sequence[str]) -> dict[str, str]:
    """A column's value by image id, of these images alone.

    Raises `DataError` for a file that cannot be read, a column that is not there, an image without a value or with two.
    """
    rows = _read(path)
    by_folded = {name.lower(): name for name in rows[0] if name}
    id_column = next((by_folded[name] for name in ID_COLUMNS if name in by_folded), None)
    if id_column is None:
        raise DataError(f"{path} has no column of image ids", hint=f"Name it one of: {', '.join(ID_COLUMNS)}")
    if column.lower() not in by_folded:
        raise DataError(
            f"{path} has no column {column}", hint=unknown("the column", column, sorted(by_folded.values())).hint
        )
    wanted = set(image_ids)
    found: dict[str, str] = {}
    for row in rows:
        image_id, value = _id_of(row[id_column] or ""), (row[by_folded[column.lower()]] or "").strip()
        if image_id in wanted and value and found.setdefault(image_id, value) != value:
            raise DataError(f"{path}: image {image_id} has two rows, with {found[image_id]!r} and {value!r}")
    _require_all(path, column, [image_id for image_id in image_ids if image_id not in found])
    return found


def _read(path: Path) -> Rows:
    """With commas, semicolons or tabs between the values, as the first line has them."""
    try:
        with path.expanduser().open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            file.seek(0)
            delimiter = max("\t;,", key=first.count)
            rows = list(csv.DictReader(file, delimiter=delimiter))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{path} cannot be read: {reason}", hint="Expected a CSV file in UTF-8.") from error
    if not rows:
        raise DataError(f"{path} has no rows", hint="The first line names the columns, each further one an image.")
    return rows


def _id_of(value: str) -> str:
    """An id, or the id within a file's name."""
    name = value.strip().replace("\\", "/").rsplit("/", 1)[-1]
    return Path(name).stem if name.lower().endswith(ANY_SUFFIXES) else name


def _require_all(path: Path, column: str, missing: Sequence[str]) -> None:
    if missing:
        raise DataError(
            f"{path} has no {column} for {len(missing)} images: {some_of(missing, NAMED)}",
            hint="Each image needs a row; its id is the file's name without the suffix.",
        )
