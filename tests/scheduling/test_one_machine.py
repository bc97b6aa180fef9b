"""An SQLite file serves one machine; who tries more is told what does."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from isicbench.compute.processes import host_name
from isicbench.errors import StoreError
from isicbench.records import RunStatus
from isicbench.scheduling.burial import SILENT_SECONDS, bury_dead_owners
from isicbench.scheduling.one_machine import LIVE_SECONDS, require_one_machine
from isicbench.store.schema import RunRow
from isicbench.store.store import Store, open_store
from tests.commands import isicbench
from tests.postgres_server import PostgresServer
from tests.store.store_records import owner, queue


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "results.db"))


@pytest.fixture
def on_server(postgres: PostgresServer) -> Iterator[Store]:
    with postgres.database() as name:
        store = open_store(postgres.url(name))
        yield store
        store.close()


def train_on(store: Store, host: str) -> int:
    [run_id] = queue(store)
    assert store.claim(run_id, owner(host=host), log_path="") is not None
    return run_id


@pytest.mark.parametrize("command", [("run", "--dataset", "synthetic", "--weights", "random"), ("resume", "--all")])
def test_command_beside_another_machine_s_training_is_refused_with_what_to_type(command, store):
    run_id = train_on(store, "host-b")
    done = isicbench(*command, "--devices", "cpu")
    assert done.returncode == 5
    assert f"run {run_id} is being trained on host-b" in done.stderr
    assert f"isicbench db copy {store.url_shown} postgresql://" in done.stderr
    assert "isicbench run --db postgresql://" in done.stderr
    assert len(store.runs()) == 1


def test_runs_of_this_machine_and_silent_ones_of_others_are_no_hindrance(store):
    run_id = train_on(store, "host-b")
    silent = datetime.now(UTC) - timedelta(seconds=LIVE_SECONDS + 1)
    with store.transaction() as connection:
        connection.execute(update(RunRow).where(RunRow.id == run_id).values(heartbeat_at=silent))
    require_one_machine(store)
    with store.transaction() as connection:
        connection.execute(update(RunRow).values(heartbeat_at=datetime.now(UTC)))
    with pytest.raises(StoreError, match="several machines"):
        require_one_machine(store)
    with store.transaction() as connection:
        connection.execute(update(RunRow).values(host=host_name()))
    require_one_machine(store)


def test_run_of_a_machine_that_fell_silent_is_lost_and_one_that_is_heard_of_is_not(on_server):
    run_id = train_on(on_server, "host-b")
    bury_dead_owners(on_server, on_server.heartbeats())
    assert on_server.run(run_id).status is RunStatus.RUNNING
    silent = datetime.now(UTC) - timedelta(seconds=SILENT_SECONDS + 60)
    with on_server.transaction() as connection:
        connection.execute(update(RunRow).values(heartbeat_at=silent))
    bury_dead_owners(on_server, on_server.heartbeats())
    run = on_server.run(run_id)
    assert (run.status, run.failure.kind) == (RunStatus.FAILED, "lost")
    assert "host-b for 61 minutes" in run.failure.message


def test_server_serves_several_machines(on_server):
    train_on(on_server, "host-b")
    require_one_machine(on_server)
