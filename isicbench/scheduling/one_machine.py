"""An SQLite file is one machine's: it keeps its locks there, and only there can be told which workers are alive."""

from collections.abc import Sequence
from datetime import UTC, datetime

from isicbench.compute.processes import host_name
from isicbench.errors import ConfigError, StoreError
from isicbench.store.store import Store
from isicbench.store.urls import database_url, is_sqlite

LIVE_SECONDS = 300
"""A run whose last sign of life is younger is taken to be in training on its machine."""


def require_one_machine(store: Store) -> None:
    """Raise `StoreError` where another machine trains runs of an SQLite file.

    On any file system: the list of those on a network is not complete, and a worker over there could neither be seen
    nor be told from a dead one. A run without a sign of life is no hindrance, as where the file has come from there.
    """
    if not is_sqlite(database_url(store.url)):
        return
    now = datetime.now(UTC)
    for run in store.running_runs():
        if run.owner is None or run.owner.host == host_name() or run.heartbeat_at is None:
            continue
        age = (now - run.heartbeat_at).total_seconds()
        if age < LIVE_SECONDS:
            raise StoreError(
                f"{store.url_shown}: run {run.id} is being trained on {run.owner.host} ({age:.0f} s ago). "
                "An SQLite file cannot serve several machines",
                hint="Let that one finish, then move to PostgreSQL, which can: "
                f"isicbench db copy {store.url_shown} postgresql://USER@HOST/DATABASE\n"
                "On each machine: isicbench run --db postgresql://USER@HOST/DATABASE\n"
                f"If {run.owner.host} has stopped: wait {LIVE_SECONDS // 60} minutes.",
            )


def require_reachable(store: Store, hosts: Sequence[str]) -> None:
    """Raises `ConfigError` for an SQLite file and a worker on another machine, which could not rely on its locks."""
    elsewhere = sorted(set(hosts) - {host_name()})
    if elsewhere and is_sqlite(database_url(store.url)):
        raise ConfigError(
            f"{store.url_shown} is an SQLite file of {host_name()}, and runs would train on {', '.join(elsewhere)}",
            hint="Several machines need a server: isicbench run --db postgresql://USER@HOST/DATABASE ...",
        )
