"""Writes docs/reference/commands.md from what `isicbench ... --help` prints. Run by `make docs`."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import typer

from isicbench.cli.app import app

PAGE = Path(__file__).parent / "reference" / "commands.md"
WIDTH = {"COLUMNS": "80"}
PROGRAM = "import sys; from isicbench.cli import main; sys.argv[0] = 'isicbench'; main()"
"""The command under its own name, wherever it is installed."""
HEAD = """\
# Commands

What `--help` prints for each command. This page is generated: `make docs` writes it anew.
"""


def command_paths() -> list[tuple[str, ...]]:
    """The arguments that lead to each command, the main one first: `()`, `("run",)`, `("data", "list")`."""
    return list(_walk(typer.main.get_command(app), ()))


def help_text(path: tuple[str, ...]) -> str:
    """What the command prints for `--help` in a process of its own, 80 columns wide."""
    command = [sys.executable, "-c", PROGRAM, *path, "--help"]
    done = subprocess.run(command, env=os.environ | WIDTH, capture_output=True, text=True, check=True)
    return "\n".join(line.rstrip() for line in done.stdout.strip().splitlines())


def section(path: tuple[str, ...]) -> str:
    """A heading and a block of help."""
    return f"\n## {' '.join(('isicbench', *path))}\n\n```text\n{help_text(path)}\n```\n"


def page() -> str:
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as threads:
        return HEAD + "".join(threads.map(section, command_paths()))


def _walk(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    yield path
    if not hasattr(command, "list_commands"):
        return
    context = typer.Context(command)
    for name in command.list_commands(context):
        yield from _walk(command.get_command(context, name), (*path, name))


if __name__ == "__main__":
    PAGE.write_text(page())
