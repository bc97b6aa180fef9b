"""`isicbench prune`: remove files that no finished result needs."""

from typing import TYPE_CHECKING, Annotated

import typer

from isicbench.cli.app import single
from isicbench.cli.options import Database, Yes

if TYPE_CHECKING:
    from isicbench.scheduling.pruning import Removal


def prune(
    logs: Annotated[bool, typer.Option("--logs", help="Also the logs of finished runs, failed ones included.")] = False,
    checkpoints: Annotated[
        bool, typer.Option("--checkpoints", help="Also those from which interrupted or failed runs could go on.")
    ] = False,
    cache: Annotated[
        bool,
        typer.Option("--cache", help="Also prepared arrays of datasets that this database does not know."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would go, and stop.")] = False,
    yes: Yes = False,
    db: Database = None,
) -> None:
    """Remove files that no finished result needs.

    Temporary files, checkpoints of completed runs, what failed runs left, and folders of runs that are in no database
    here. The weights of completed runs stay, and so does every row of a result. Asks first.
    """
    from isicbench.cli.console import out
    from isicbench.errors import IsicbenchError
    from isicbench.scheduling.pruning import carry_out, plan_prune
    from isicbench.store.store import open_store

    store = open_store(db, create=False)
    planned = plan_prune(store, logs=logs, checkpoints=checkpoints, cache=cache)
    for removal in planned:
        out.print(f"{removal.path} ({removal.bytes} bytes): {removal.reason}", markup=False, soft_wrap=True)
    if not planned:
        out.print("Nothing to remove.")
        return
    if dry_run:
        out.print(f"Would remove {_amount(planned)}.")
        return
    if not yes:
        typer.confirm(f"Remove {_amount(planned)} for good?", abort=True)
    removed, failed = carry_out(store, planned)
    out.print(f"Removed {_amount(removed)}.")
    if failed:
        lines = "\n".join(f"  {line}" for line in failed)
        raise IsicbenchError(
            f"not all could be removed\n{lines}", hint="Check permissions, then give the command again."
        )


def _amount(removals: "list[Removal]") -> str:
    size = sum(removal.bytes for removal in removals) / 2**20
    return f"{len(removals)} file{'s' if len(removals) != 1 else ''} ({size:.1f} MiB)"


app = single(prune)
