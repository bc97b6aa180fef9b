"""`isicbench watch`: follow a study that another process trains."""

import time
from collections.abc import Sequence
from typing import Annotated

import typer

from isicbench.cli.app import single
from isicbench.cli.options import Database

LOOK_SECONDS = 1.0


def watch(
    study: Annotated[
        int | None, typer.Option("--study", metavar="N", help="Which study.  [default: every unfinished run]")
    ] = None,
    db: Database = None,
) -> None:
    """Follow the runs of a study that another process trains.

    Returns when none of them is queued or running. Ctrl-C leaves the study alone.
    """
    from isicbench.cli.console import notes
    from isicbench.cli.following import Follower
    from isicbench.records import RunStatus
    from isicbench.store.store import open_store

    store = open_store(db, create=False)
    begun = [run.id for run in store.runs(statuses=[RunStatus.QUEUED, RunStatus.RUNNING])]

    def followed() -> Sequence[int]:
        return begun if study is None else store.study(study).run_ids

    if not followed():
        notes.print("Nothing is queued or running.")
        return
    with Follower(store, followed) as follower:
        notes.print(f"Following {follower.counts}")
        follower.look()
        while not follower.ended:
            time.sleep(LOOK_SECONDS)
            follower.look()


app = single(watch)
