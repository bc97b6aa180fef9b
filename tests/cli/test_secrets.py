"""A database's password is in no message, record or process list; files are as public as the umask says."""

import os
import shutil
import sqlite3
import stat
import sys
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from isicbench.cli import resume
from isicbench.data.synthetic import write_synthetic
from isicbench.records import RunStatus
from isicbench.store.store import open_store
from isicbench.store.urls import without_password
from tests.commands import isicbench, start_isicbench
from tests.postgres_server import PASSWORD
from tests.scheduling.database_content import content
from tests.store.store_records import end, queue, request
from tests.waiting import wait_until

SECRET = "s3cret-w0rd"
URL = f"postgresql://me:{SECRET}@127.0.0.1:1/lab"


@pytest.fixture(scope="module")
def pairs(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("pairs") / "data"
    write_synthetic(folder, train=12, test=4, seed=4)
    return folder


def small_run(pairs: Path, *more: object) -> tuple[object, ...]:
    data = ("--dataset", "folder", "--data-dir", pairs, "--weights", "random", "--size", 64, "--batch-size", 4)
    return ("run", *data, "--frozen", "--devices", "cpu", *more)


def all_text(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("command", [("list",), ("db", "check"), ("db", "backup"), ("db", "vacuum"), ("prune",)])
@pytest.mark.parametrize("url", [URL, f"postgresql://127.0.0.1:1/lab?user=me&password={SECRET}"])
def test_server_that_cannot_be_reached_is_named_without_the_password(command, url):
    done = isicbench(*command, ISICBENCH_DB=url)
    assert done.returncode == 5
    assert "127.0.0.1" in done.stderr
    assert SECRET not in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_option_that_the_server_s_driver_does_not_know_is_named_without_the_password():
    done = isicbench("list", ISICBENCH_DB=f"{URL}?sort={SECRET}&x=1")
    assert done.returncode == 5
    assert f":{SECRET}@" not in done.stderr
    assert "Traceback" not in done.stderr


def test_doctor_names_the_server_without_the_password():
    done = isicbench("doctor", "--json", ISICBENCH_DB=URL)
    assert "127.0.0.1" in done.stdout
    assert SECRET not in done.stdout + done.stderr


def test_no_file_is_left_with_the_password_by_a_run_that_cannot_reach_its_server(pairs, tmp_path):
    done = isicbench(*small_run(pairs), ISICBENCH_DB=URL)
    assert done.returncode == 5
    assert SECRET not in done.stderr + done.stdout
    assert SECRET.encode() not in all_text(tmp_path)


@pytest.mark.parametrize(
    ("argument", "recorded"),
    [
        (URL, "postgresql://me:***@127.0.0.1:1/lab"),
        (f"--db={URL}", "--db=postgresql://me:***@127.0.0.1:1/lab"),
        (f"--db=postgresql://h/lab?password={SECRET}", "--db=postgresql://h/lab?password=%2A%2A%2A"),
        (f"postgresql://me:{SECRET}@host:port/lab", "postgresql://***"),
        ("results.db", "results.db"),
        ("--epochs=3", "--epochs=3"),
    ],
)
def test_recorded_command_line_holds_no_password(argument, recorded):
    assert without_password(argument) == recorded


def test_worker_and_run_keep_the_database_out_of_the_process_list_and_listen_on_no_socket(pairs, tmp_path):
    """With a database whose name stands for the secret: what a worker is told, it is told by its environment."""
    database = tmp_path / f"{SECRET}.db"
    process = start_isicbench(*small_run(pairs, "--epochs", 400, "--db", database), log=tmp_path / "log")
    try:
        parent = psutil.Process(process.pid)
        [worker] = wait_until(lambda: [p for p in parent.children() if "isicbench.scheduling.worker" in p.cmdline()])
        wait_until(lambda: _status(database) == "running")
        assert SECRET not in " ".join(worker.cmdline())
        assert SECRET in worker.environ()["ISICBENCH_DB"]
        for one in (parent, worker):
            assert [c for c in one.net_connections() if c.status == psutil.CONN_LISTEN] == []
    finally:
        process.terminate()
        process.wait(120)


def test_study_on_a_server_leaves_the_password_nowhere(pairs, tmp_path, postgres):
    """Trained, reported and looked at; in the process list, what is printed, every file and every row."""
    with postgres.database() as name:
        url = postgres.url(name)
        process = start_isicbench(*small_run(pairs, "--epochs", 2, "--db", url), log=tmp_path / "log")
        [worker] = wait_until(lambda: _workers(process.pid))
        assert PASSWORD not in " ".join(worker.cmdline())
        assert process.wait(300) == 0, (tmp_path / "log").read_text()
        commands = (("report", "--format", "markdown"), ("list", "--json"), ("show", 1), ("db", "check"), ("doctor",))
        done = [isicbench(*command, ISICBENCH_DB=url) for command in commands]
        assert [one.returncode for one in done[:4]] == [0, 0, 0, 0], done
        assert PASSWORD not in "".join(one.stdout + one.stderr for one in done)
        assert {"worker.log", "model.pt", "report.md"} <= {path.name for path in tmp_path.rglob("*")}
        assert PASSWORD.encode() not in all_text(tmp_path)
        command = postgres.ask("SELECT command FROM studies", database=name)[0][0]
        assert "postgresql://me:***@/" in command
        assert PASSWORD not in repr(content(url))


def _workers(pid: int) -> list[psutil.Process]:
    return [one for one in psutil.Process(pid).children() if "isicbench.scheduling.worker" in one.cmdline()]


def _status(database: Path) -> str:
    if not database.exists():
        return ""
    try:
        with closing(sqlite3.connect(database)) as connection:
            row = connection.execute("SELECT status FROM runs").fetchone()
    except sqlite3.OperationalError:
        return ""
    return row[0] if row else ""


UNDER_UMASK = """
import os, sys
os.umask(int(sys.argv[1], 8))
sys.argv[:] = ["isicbench", *sys.argv[2:]]
from isicbench.cli import main
main()
"""


@pytest.mark.parametrize(("umask", "files", "folders"), [("077", 0o600, 0o700), ("022", 0o644, 0o755)])
def test_every_file_has_the_permissions_that_the_umask_gives(umask, files, folders, pairs, tmp_path, monkeypatch):
    import subprocess

    monkeypatch.setenv("ISICBENCH_HOME", str(tmp_path / "home"))
    copy = shutil.copytree(pairs, tmp_path / "given")
    before = set(tmp_path.rglob("*"))

    def under_umask(*arguments: object) -> None:
        command = [sys.executable, "-c", UNDER_UMASK, umask, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ), check=False)
        assert done.returncode == 0, done.stderr

    under_umask(*small_run(copy, "--epochs", 1))
    under_umask("report", "--format", "markdown")
    under_umask("db", "backup", "copy.db")
    made = [path for path in tmp_path.rglob("*") if path not in before]
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in made}
    assert len(made) > 20
    assert {str(path): oct(mode) for path, mode in modes.items() if mode != (folders if path.is_dir() else files)} == {}


def test_resume_records_no_password_either(monkeypatch):
    store = open_store("results.db")
    [run_id] = queue(store)
    end(store, run_id, RunStatus.INTERRUPTED)
    monkeypatch.setattr("isicbench.scheduling.resuming.requests_for", lambda *_: [request()])
    monkeypatch.setattr("isicbench.cli.study.train_study", lambda *_: 0)
    monkeypatch.setattr(sys, "argv", ["isicbench", "resume", "--all", "--db", URL])
    done = CliRunner().invoke(resume.app, ["--all", "--db", "results.db", "--devices", "cpu"])
    assert done.exit_code == 0, done.output
    assert store.study(2).command == "isicbench resume --all --db 'postgresql://me:***@127.0.0.1:1/lab'"
    assert SECRET.encode() not in all_text(Path.cwd())
