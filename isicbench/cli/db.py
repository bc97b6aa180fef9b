"""`isicbench db`: the database itself."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from isicbench.cli.app import new_app
from isicbench.cli.options import Database, Json

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

app = new_app(no_args_is_help=True)


@app.callback()
def db() -> None:
    """Look after the database."""


@app.command()
def check(db: Database = None, json: Json = False) -> None:
    """Check that the database is whole, and that its files are there.

    SQLite's own check of the file and of references, the schema, every row, every run's weights by their SHA-256, and
    files that nothing needs. Changes nothing. Ends with 5 where something is lost or damaged.
    """
    from isicbench.cli.checking import check_to_json, print_check
    from isicbench.cli.console import print_json, progress_bars
    from isicbench.errors import StoreError
    from isicbench.scheduling.database_check import check_database

    with progress_bars() as progress:
        found = check_database(db, progress=progress)
    if json:
        print_json(check_to_json(found))
    else:
        print_check(found)
    if not found.is_sound:
        raise typer.Exit(StoreError.exit_code)


@app.command()
def backup(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="A new file.  [default: beside the database, with the date]")
    ] = None,
    db: Database = None,
) -> None:
    """Copy the database into a new file, also while runs are training.

    The copy is checked, and appears whole or not at all. Weights and logs under runs/ are no part of it.
    """
    from isicbench.cli.console import out
    from isicbench.store.backup import back_up, backup_beside

    url, revision = _existing(db)
    done = back_up(url, file or backup_beside(url, label=revision))
    out.print(f"backup: {done} ({done.stat().st_size} bytes)", markup=False, soft_wrap=True)


@app.command()
def copy(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Database file or URL; it is only read.")],
    target: Annotated[str, typer.Argument(metavar="TARGET", help="Database file or URL; a new one is made.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be copied, and stop.")] = False,
    files: Annotated[
        bool, typer.Option("--files/--no-files", help="Also weights, logs and checkpoints, where they are here.")
    ] = True,
) -> None:
    """Copy results from one database into another, SQLite or PostgreSQL.

    Runs that the target has already are recognised, so that copies can be repeated and several databases merged. Runs
    that are queued or running are left out. A copy that was stopped goes on with the same command.
    """
    from isicbench.cli.console import out, progress_bars
    from isicbench.cli.copying import lines_of_copy
    from isicbench.scheduling.database_copy import copy_database, plan_database_copy

    if dry_run:
        done = plan_database_copy(source, target)
    else:
        with progress_bars() as progress:
            done = copy_database(source, target, files=files, progress=progress)
    for line in lines_of_copy(done, would=dry_run):
        out.print(line, markup=False, soft_wrap=True)


@app.command()
def upgrade(db: Database = None) -> None:
    """Take an older database to this version's schema, after a backup."""
    from isicbench.cli.console import out
    from isicbench.store.migrate import upgrade as upgrade_database
    from isicbench.store.urls import shown_url

    url, _ = _existing(db)
    done = upgrade_database(url)
    if done.backup is not None:
        out.print(f"backup: {done.backup}", markup=False, soft_wrap=True)
    out.print(f"{shown_url(url)} is at revision {done.revision}", markup=False, soft_wrap=True)


@app.command()
def vacuum(db: Database = None) -> None:
    """Give the space of removed runs back to the disk.

    Needs twice the file's size for a while, and says so where that is not free.
    """
    from isicbench.cli.console import out
    from isicbench.store.urls import shown_url
    from isicbench.store.vacuum import vacuum as vacuum_database

    url, _ = _existing(db)
    done = vacuum_database(url)
    out.print(
        f"{shown_url(url)}: {done.bytes_before} bytes before, {done.bytes_after} now", markup=False, soft_wrap=True
    )


def _existing(choice: str | None) -> "tuple[URL, str]":
    """The database's URL and revision; raises `StoreError` where there is none."""
    from isicbench.errors import StoreError
    from isicbench.store.migrate import current_revision
    from isicbench.store.urls import database_url, shown_url

    url = database_url(choice)
    revision = current_revision(url)
    if revision is None:
        raise StoreError(f"{shown_url(url)}: no database there", hint="Name it with --db.")
    return url, revision
