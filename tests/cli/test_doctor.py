"""What `isicbench doctor` says of an installation that is not as it should be."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import PackageNotFoundError

import pytest

from isicbench import doctor
from isicbench.errors import ConfigError


def without(monkeypatch: pytest.MonkeyPatch, *missing: str) -> None:
    real = doctor.requires, doctor.version

    def look(read):
        def found(name: str):
            if name in missing:
                raise PackageNotFoundError(name)
            return read(name)

        return found

    monkeypatch.setattr(doctor, "requires", look(real[0]))
    monkeypatch.setattr(doctor, "version", look(real[1]))


def test_missing_package_is_named_with_the_command(monkeypatch):
    without(monkeypatch, "pooch")
    [finding] = doctor.check_packages()
    assert (finding.level, finding.message, finding.advice) == ("wrong", "missing: pooch", "pip install pooch")


def test_running_from_the_source_is_no_error(monkeypatch):
    without(monkeypatch, "isicbench")
    [finding] = doctor.check_packages()
    assert finding.level == "note"
    assert "from its source" in finding.message
    assert finding.advice.startswith("pip install -e .")


@contextmanager
def cluster_that_answers(status: int, content: bytes = b"") -> Iterator[str]:
    """The address of what answers the listing of Ray's jobs so, and everything else by 500."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/api/jobs/" and "Authorization" not in self.headers else 500)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("status", "content", "level", "words"),
    [
        (200, b"[]", "wrong", "answers without a token"),
        (401, b"Unauthorized", "ok", "asks for a token"),
        (403, b"", "ok", "asks for a token"),
        (200, b"<html>", "note", "not Ray's job interface"),
        (302, b"", "note", "not Ray's job interface"),
    ],
)
def test_ray_cluster_is_open_only_where_its_jobs_are_listed_without_a_token(status, content, level, words):
    with cluster_that_answers(status, content) as address:
        [finding] = doctor.check_ray(address)
    assert (finding.what, finding.level) == ("ray", level)
    assert words in finding.message


def test_ray_address_where_nobody_answers_is_a_note_and_one_that_is_none_an_error():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        [finding] = doctor.check_ray(f"127.0.0.1:{unused.getsockname()[1]}")
    assert finding.level == "note"
    for address in ("head", "http://head:8265", "head:99999", "head:8265/x"):
        with pytest.raises(ConfigError):
            list(doctor.check_ray(address))
