"""The `isicbench` command. A subcommand's module is imported when it is called, so that `--help` costs nothing."""

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from isicbench.compute.garbage import collect_rarely
from isicbench.errors import IsicbenchError
from isicbench.harmless import harmless

COMMANDS = {
    "run": "Train every combination of the options on the devices at hand, and record it.",
    "search": "Search for the best settings by validation, with Optuna: each trial is an ordinary run.",
    "resume": "Go on with runs that were interrupted or failed, each from its last checkpoint.",
    "reproduce": "Train a finished run once more, with the same config and seed, and compare its figures.",
    "evaluate": "Score finished runs on another split, threshold or dataset.",
    "predict": "Write the masks of new images, by the network that a run has trained.",
    "score": "Score another tool's masks by the challenge's rules, and record them.",
    "report": "Render the comparative table, the curves and the pictures from the database.",
    "export": "Write runs as files that other tools open: tables, networks, model cards, a folder to publish.",
    "costs": "Measure what networks cost: parameters, operations, and the time of one image on this CPU.",
    "compare": "Compare experiments on the same images: intervals, tests, and what they allow to say.",
    "list": "List the runs in the database.",
    "show": "Show one run: its diagnoses, scores, curves, epochs, config and files.",
    "watch": "Follow the runs of a study that another process trains.",
    "serve": "Show the report in a browser on this machine, and keep it up to date.",
    "rm": "Remove runs with all that belongs to them.",
    "prune": "Remove files that no finished result needs.",
    "studies": "List the studies that `isicbench run NAME` trains, or print one's file to start one's own from.",
    "encoders": "List the encoders with parameters, operations at the given size, feature maps and licence.",
    "decoders": "List the decoders with their parameters, and the operations of the whole network at the given size.",
    "losses": "List the losses, with where each comes from.",
    "datasets": "List the datasets and whether they are on this machine.",
    "metrics": "List the metrics that every run is scored by, with where each comes from.",
    "new": "Write a package that adds an encoder, decoder, loss, dataset or metric, with its test, to start from.",
    "data": "Download, import, prepare, verify, audit, compare and show datasets.",
    "db": "Look after the database.",
    "bench": "Measure isicbench on this machine, beside other ways to do its work.",
    "doctor": "Check this machine: packages, devices, disk, data, weights, database.",
}
MODULES = {"list": "listing", "rm": "remove"}
"""Where a command's module is not named after it."""


NO_HOME = "Could not determine home directory."
"""What pathlib raises for `~name/file` where nobody is called so."""


@contextmanager
def harmless_usage_errors() -> Iterator[None]:
    """Typer's errors quote what was typed: without what that could do to a terminal."""
    try:
        yield
    except Exception as error:
        usage_error: Any = error
        if hasattr(error, "show") and hasattr(error, "message"):
            usage_error.message = harmless(usage_error.message)
        raise


class LazyGroup(TyperGroup):
    """Knows its commands' names and first lines; loads the one that is called."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, line in COMMANDS.items():
            self.add_command(TyperCommand(name, help=line))

    def make_context(self, *arguments: Any, **named: Any) -> Any:
        with harmless_usage_errors():
            return super().make_context(*arguments, **named)

    def invoke(self, ctx: Any) -> Any:
        with harmless_usage_errors():
            return super().invoke(ctx)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"isicbench.cli.{MODULES.get(cmd_name, cmd_name)}")
        return typer.main.get_command(module.app)

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def print_version(wanted: bool) -> None:
    if wanted:
        from isicbench import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def isicbench(
    version: bool = typer.Option(False, "--version", callback=print_version, is_eager=True, help="Print the version."),
) -> None:
    """Compare skin-lesion segmentation experiments: train, record, report.

    Start with: isicbench run --dataset synthetic --weights random
    """


def main() -> None:
    """Run the command; an error that the user can mend is one message and an exit code of its kind."""
    accept_any_text()
    collect_rarely()
    try:
        app()
    except IsicbenchError as error:
        fail(error.message, error.hint, code=error.exit_code)
    except RuntimeError as error:
        if str(error) != NO_HOME:
            raise
        fail("a path begins with ~ and the name of nobody on this machine", "Write the path out in full.", code=1)
    except KeyboardInterrupt:
        fail("stopped", "", code=130)
    except OSError as error:
        if error.filename is None and error.strerror is None:
            raise
        fail(f"{error.filename or 'the system'}: {error.strerror}", "Check permissions and free space.", code=1)


def accept_any_text() -> None:
    """Print what the terminal's encoding cannot show, such as a file's name that is no UTF-8, as an escape."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def fail(message: str, hint: str, *, code: int) -> None:
    """Print the message and the hint, without what a name in them could do to a terminal, and leave."""
    typer.echo(f"Error: {harmless(message)}", err=True)
    if hint:
        typer.echo(harmless(hint), err=True)
    sys.exit(code)


def single(command: Callable[..., None], *, cls: type[TyperCommand] = TyperCommand) -> typer.Typer:
    """A Typer app of one command, for a module that holds one."""
    one = new_app()
    one.command(cls=cls, context_settings={"help_option_names": ["-h", "--help"]})(command)
    return one


def new_app(**settings: Any) -> typer.Typer:
    """A Typer app that looks like the main one."""
    return typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False, **settings)
