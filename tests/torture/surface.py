"""Commands with options and arguments at random, as the command line itself says that it has them."""

import random
from collections.abc import Iterator
from functools import cache
from typing import Any

import typer

from isicbench.cli.app import app
from isicbench.data.layout import TEST_MASKS
from tests.torture import nasty

Command = tuple[str, ...]
UNBOUNDED = ("serve", "bench", "search", "costs", "doctor")
"""They listen, measure or train; what they read of a database and of options, the others read as well."""
BOUNDS = {
    ("run",): ("--dry-run", "--devices=cpu", "--weights=random", "--dataset=folder", "--data-dir=data"),
    ("data", "synthesize"): ("--train=2", "--test=1"),
}
"""What is said first, so that a command trains nothing and draws little."""
MASKS = f"data/{TEST_MASKS}"
THERE = ("1", "2", "results.db", "data", "predicted", "w.pt", "study.toml", "new", ".", MASKS)
WORDS = (
    *("markdown", "html", "csv", "json", "latex", "onnx", "parquet", "completed", "failed", "30d", "1,2", "encoder"),
    *("dice", "iou", "lr", "seed", "experiment", "test", "validation", "original", "folder", "cpu"),
)


def command(rng: random.Random) -> Command:
    """A leaf command, up to three of its options, and arguments: sensible, nasty, or too many."""
    path, leaf = rng.choice(_leaves())
    options = [parameter for parameter in leaf.params if parameter.param_type_name == "option"]
    given = list(BOUNDS.get(path, ()))
    for option in rng.sample(options, k=min(len(options), rng.randrange(4))):
        name = rng.choice([*option.opts, *option.secondary_opts])
        if name in ("--no-dry-run", "--watch"):
            continue
        given.append(
            name if option.is_flag else f"{name}={value(rng)}" if name.startswith("--") else f"{name}{value(rng)}"
        )
    count = rng.choice((0, 1, 1, 1, 2, 2, 3))
    arguments = [value(rng) for _ in range(count)]
    if rng.random() < 0.7:
        arguments = [word for word in arguments if not word.startswith("-")]
    return (*path, *given, *arguments)


def value(rng: random.Random) -> str:
    match rng.randrange(5):
        case 0:
            return rng.choice(THERE)
        case 1:
            return rng.choice(WORDS)
        case 2:
            return nasty.number(rng)
        case 3:
            return ",".join((rng.choice(WORDS), nasty.argument(rng)))
        case _:
            return nasty.argument(rng)


@cache
def _leaves() -> list[tuple[Command, Any]]:
    root = typer.main.get_command(app)
    return sorted(_below(root, ()), key=lambda found: found[0])


def _below(command: Any, path: Command) -> Iterator[tuple[Command, Any]]:
    if not hasattr(command, "list_commands"):
        yield path, command
        return
    for name in command.list_commands(None):
        if name not in UNBOUNDED:
            yield from _below(command.get_command(None, name), (*path, name))
