"""A JSON schema of study files, for editors that check and complete as one types; made from the options of `run`."""

from typing import Any, get_args, get_type_hints

import typer
from typer.core import TyperOption

from isicbench.cli.settings import COMBINATIONS
from isicbench.cli.study_file import keys_of
from isicbench.config import LOSSES, OPTIMISERS, SCHEDULES

Schema = dict[str, Any]

CHOICES = {"loss": LOSSES, "optimiser": OPTIMISERS, "schedule": SCHEDULES}
NUMBERS: dict[type, Schema] = {int: {"type": "integer"}, float: {"type": "number"}}
TEXT: Schema = {"type": ["string", "number"]}
"""A number stands for its text, as in: threshold = 0.4"""


def study_schema() -> Schema:
    """Of JSON Schema 2020-12; a key may be written with underscores as well."""
    from isicbench.cli.run import app, run

    command: Any = typer.main.get_command(app)
    keys = keys_of(option for option in command.params if isinstance(option, TyperOption))
    hints = get_type_hints(run)
    properties = {key: _described(key, option, hint=hints[option.name or ""]) for key, option in keys.items()}
    also = {key.replace("-", "_"): schema for key, schema in properties.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A study of isicbench",
        "type": "object",
        "properties": properties | also,
        "additionalProperties": False,
    }


def _described(key: str, option: TyperOption, *, hint: Any) -> Schema:
    """`hint` is the type of the option's parameter of `run`."""
    one = _combination() if key in COMBINATIONS else _value(key, option, hint)
    several = {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]} if option.multiple else one
    return {"description": " ".join((option.help or "").split()), **several}


def _value(key: str, option: TyperOption, hint: Any) -> Schema:
    if option.is_flag:
        return {"type": "boolean"}
    if key in CHOICES:
        return {"enum": list(CHOICES[key])}
    return next((schema for kind, schema in NUMBERS.items() if kind in _types_in(hint)), TEXT)


def _types_in(hint: Any) -> set[Any]:
    """`int` and `None` of `int | None`; `int` of `list[int]`."""
    parts = get_args(hint)
    return set().union(*map(_types_in, parts)) if parts else {hint}


def _combination() -> Schema:
    """A table of the grid's keys, or the same as text."""
    from isicbench.scheduling.leaving_out import FIELDS

    kinds: dict[str, Schema] = {"frozen": {"type": "boolean"}}
    keys = {key: kinds.get(key, TEXT) for key in FIELDS}
    also = {key.replace("-", "_"): schema for key, schema in keys.items()}
    table = {"type": "object", "properties": keys | also, "additionalProperties": False, "minProperties": 1}
    return {"anyOf": [table, {"type": "string"}]}
