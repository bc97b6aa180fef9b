"""`isicbench serve` as a process of its own: who may read, what is answered, and that it harms nothing."""

import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import psutil
import pytest

from isicbench.errors import StoreError
from isicbench.records import Owner, RunStatus, StepRecord
from isicbench.store.experiments import RunRequest
from isicbench.store.store import Store, open_store, open_to_read
from tests.commands import isicbench, start_isicbench
from tests.report.study_records import config, dataset, epoch
from tests.serving.servers import Server, serving
from tests.waiting import wait_until

pytest.importorskip("starlette", reason="the extra `serve` is not installed")
pytest.importorskip("uvicorn", reason="the extra `serve` is not installed")


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Iterator[Store]:
    """Run 1 after its first epoch."""
    store = open_store(str(tmp_path_factory.mktemp("served") / "results.db"))
    store.add_study("run", [RunRequest(config=config(epochs=50), seed=0, dataset=dataset())])
    store.claim(1, Owner(host="host", pid=1, process_started=0.0, slot="cpu:0"), log_path="runs/1.log")
    store.record_progress(1, StepRecord(epoch=1, step=1, steps=10))
    store.record_epoch(1, epoch(1))
    yield store
    store.close()


@pytest.fixture(scope="module")
def server(store, tmp_path_factory) -> Iterator[Server]:
    with serving(store.url, log=tmp_path_factory.mktemp("log") / "log") as server:
        yield server


def test_token_opens_the_page_and_becomes_a_cookie(server):
    first = server.ask(f"/?token={server.token}", cookie=None)
    assert first.status == 303
    assert first.headers["location"] == "/"
    assert re.search(r"HttpOnly; Path=/; SameSite=strict$", first.headers["set-cookie"])
    page = server.ask("/")
    assert page.status == 200
    assert "<title>Skin-lesion segmentation: results</title>" in page.body
    assert server.token not in page.body


@pytest.mark.parametrize("path", ["/", "/mark", "/elsewhere"])
@pytest.mark.parametrize("query", ["", "?token=", "?token=wrong", "?token=%F0%9F%94%91", "?token=%ED%A0%80"])
def test_nothing_is_answered_without_the_token(server, path, query):
    answer = server.ask(path + query, cookie=None)
    assert answer.status == 403
    assert "Skin-lesion" not in answer.body
    assert "set-cookie" not in answer.headers


def test_half_a_token_and_another_server_s_cookie_are_refused(server):
    name = server.cookie().partition("=")[0]
    for cookie in (f"{name}={server.token[:-1]}", f"isicbench-000000000000={server.token}", f"token={server.token}"):
        assert server.ask(cookie=cookie).status == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_only_reading_methods_are_answered(server, method):
    answer = server.ask(method=method)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


def test_head_is_the_page_without_its_body(server):
    head, page = server.ask(method="HEAD"), server.ask()
    assert (head.status, head.body) == (200, "")
    assert head.headers["content-length"] == str(len(page.body.encode()))


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:9000", 200),
        ("LOCALHOST", 200),
        ("127.0.0.1", 200),
        ("evil.example", 400),
        ("127.0.0.1.evil.example", 400),
        ("localhost.evil.example:80", 400),
        ("127.0.0.1:80@evil.example", 400),
        ("192.168.0.1", 400),
        ("", 400),
    ],
)
def test_only_this_machine_s_own_names_are_answered_to(server, host, status):
    answer = server.ask(Host=host)
    assert answer.status == status
    assert ("Skin-lesion" in answer.body) == (status == 200)


@pytest.mark.parametrize("path", ["/", "/mark", "/elsewhere", "/?token=wrong", "/../results.db"])
def test_every_answer_carries_the_security_headers(server, path):
    for cookie in ("", None):
        headers = server.ask(path, cookie=cookie).headers
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert policy.endswith("frame-ancestors 'none'")
        assert "unsafe" not in policy
        assert "server" not in headers


def test_page_s_own_policy_and_the_header_s_are_one(server):
    page = server.ask()
    [policy] = re.findall(r'Content-Security-Policy" content="([^"]+)"', page.body)
    assert page.headers["content-security-policy"] == policy.replace("&#39;", "'") + "; frame-ancestors 'none'"
    assert "connect-src 'self'" in policy.replace("&#39;", "'")


def test_other_paths_are_not_found(server):
    assert server.ask("/elsewhere").status == 404
    assert server.ask("/../../etc/passwd").status == 404


def test_it_listens_on_this_machine_s_own_address_alone_and_logs_no_token_twice(server):
    listening = [c for c in psutil.Process(server.process.pid).net_connections() if c.status == psutil.CONN_LISTEN]
    assert [c.laddr.ip for c in listening] == ["127.0.0.1"]
    server.ask(f"/?token={server.token}", cookie=None)
    assert server.log.read_text().count(server.token) == 1


def test_page_is_another_one_once_an_epoch_is_recorded_and_not_before(server, store):
    before, page = server.ask("/mark").body, server.ask().body
    assert f'data-mark="{before}"' in page
    store.record_progress(1, StepRecord(epoch=1, step=9, steps=10))
    assert server.ask("/mark").body == before
    recorded = len(store.epochs([1])[1])
    store.record_epoch(1, epoch(recorded + 1))
    after = wait_until(lambda: (found := server.ask("/mark").body) != before and found)
    page = server.ask().body
    assert f'data-mark="{after}"' in page
    assert f'data-value="{recorded + 1}">{recorded + 1} of 50' in page


def test_database_is_opened_so_that_nothing_can_be_written(store):
    with closing(open_to_read(store.url)) as reader:
        assert len(reader.runs()) == 1
        for write in (
            lambda: reader.record_epoch(1, epoch(40)),
            lambda: reader.finish(1, RunStatus.FAILED),
            lambda: reader.rename_experiment(1, "other"),
        ):
            with pytest.raises(StoreError, match="may not be written"):
                write()
        store.record_epoch(1, epoch(41))
        assert 41 in {record.epoch for record in reader.epochs([1])[1]}


def test_killed_server_leaves_the_database_whole_and_its_port_free(store, tmp_path):
    with serving(store.url, log=tmp_path / "log") as server:
        assert server.ask().status == 200
        server.process.kill()
        server.process.wait()
        with closing(sqlite3.connect(store.url)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        store.record_progress(1, StepRecord(epoch=2, step=1, steps=10))
        again = start_isicbench("serve", "--port", server.port, "--db", store.url, log=tmp_path / "again")
        try:
            wait_until(lambda: f":{server.port}/?token=" in (tmp_path / "again").read_text())
        finally:
            again.kill()
            again.wait()


def test_interrupted_server_ends_by_itself_without_an_error(store, tmp_path):
    with serving(store.url, log=tmp_path / "log") as server:
        idle = socket.create_connection(("127.0.0.1", server.port))
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(60) == 0
        idle.close()
        assert server.log.read_text().splitlines()[-1] == "Stopped."
        assert "Traceback" not in server.log.read_text()


def test_taken_port_is_one_clear_error(server, store):
    done = isicbench("serve", "--port", server.port, "--db", store.url)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"Error: port {server.port} of 127.0.0.1 is taken",
        "Name another, or any free one: isicbench serve --port 0",
    ]


def test_missing_packages_are_named_with_what_to_type(store):
    script = "import sys; sys.modules['uvicorn'] = None; from isicbench.cli import main; main()"

    done = subprocess.run(
        [sys.executable, "-c", script, "serve", "--db", store.url], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "Error: isicbench serve needs uvicorn, which is not installed",
        "pip install 'isicbench[serve]'",
    ]


def test_no_database_and_no_such_study_are_errors(store, tmp_path):
    assert isicbench("serve", "--db", tmp_path / "none.db").returncode == 5
    assert not (tmp_path / "none.db").exists()
    assert "there is no study 7" in isicbench("serve", "--study", 7, "--db", store.url).stderr


def test_database_without_runs_is_a_page_that_waits_for_them(tmp_path):
    with closing(open_store(str(tmp_path / "empty.db"))) as empty, serving(empty.url, log=tmp_path / "log") as server:
        page = server.ask()
        assert page.status == 503
        assert "there are no runs to report" in page.body
        empty.add_study("run", [RunRequest(config=config(), seed=0, dataset=dataset())])
        assert server.ask("/mark").body not in page.body
        assert server.ask().status == 200


def test_database_that_goes_away_is_said_and_the_server_stays(tmp_path):
    database = tmp_path / "gone.db"
    with closing(open_store(str(database))) as store:
        store.add_study("run", [RunRequest(config=config(), seed=0, dataset=dataset())])
    with serving(str(database), log=tmp_path / "log") as server:
        content = database.read_bytes()
        database.write_bytes(b"no database any more" * 500)
        for beside in tmp_path.glob("gone.db-*"):
            beside.unlink()
        assert server.ask("/mark").status == 503
        assert "gone.db" in server.ask().body
        database.write_bytes(content)
        assert server.ask().status == 200
