"""A study on a PostgreSQL server outlives the server's crash."""

from pathlib import Path

from isicbench.data.synthetic import write_synthetic
from isicbench.errors import StoreError
from isicbench.records import RunStatus
from isicbench.store.store import Store, open_store
from tests.commands import start_isicbench
from tests.postgres_server import PostgresServer
from tests.waiting import wait_until

EPOCHS = 60


def opened(url: str) -> Store | None:
    try:
        return open_store(url, create=False)
    except StoreError:
        return None  # not made yet


def test_study_whose_server_crashes_and_comes_back_completes_with_every_epoch(postgres: PostgresServer, tmp_path: Path):
    write_synthetic(tmp_path / "pairs", train=12, test=4, seed=4)
    data = ("--dataset", "folder", "--data-dir", tmp_path / "pairs", "--weights", "random", "--size", 64)
    with postgres.database() as name:
        url = postgres.url(name)
        options = ("--frozen", "--devices", "cpu", "--epochs", EPOCHS, "--retries", 0, "--db", url)
        command = start_isicbench("run", *data, "--batch-size", 4, *options, log=tmp_path / "log")
        store = wait_until(lambda: opened(url))
        wait_until(lambda: any(run.epoch >= 2 for run in store.runs()))
        postgres.stop(crash=True)
        postgres.start()
        assert command.wait(300) == 0, (tmp_path / "log").read_text()
        [run] = store.runs()
        assert run.status is RunStatus.COMPLETED
        assert [epoch.epoch for epoch in store.epochs([run.id])[run.id]] == list(range(1, EPOCHS + 1))
        store.close()
