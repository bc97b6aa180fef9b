"""A download over https stays there, and what comes down is what came down before."""

import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from isicbench.data import download
from isicbench.data.download import DownloadError
from isicbench.data.progress import silent


class Answers(BaseHTTPRequestHandler):
    """`/file` answers with a few bytes, `/to?URL` with a redirect, `/huge` with a length beyond every disk."""

    def do_GET(self) -> None:
        if self.path.startswith("/to?"):
            self.send_response(302)
            self.send_header("Location", self.path.partition("?")[2])
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(10**18) if self.path == "/huge" else "5")
        self.end_headers()
        self.wfile.write(b"bytes")

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, str]]:
    """The addresses of an http server and of an https one, whose certificate is accepted."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-keyout",
            str(key),
            "-out",
            str(certificate),
        ],
        check=False,
        capture_output=True,
    )
    if made.returncode:
        pytest.skip("openssl cannot make a certificate here")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    monkeypatch.setenv("NO_PROXY", "localhost")
    monkeypatch.setattr(download, "WAITS_SECONDS", (0.0, 0.0))
    plain, secure = (ThreadingHTTPServer(("127.0.0.1", 0), Answers) for _ in range(2))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    secure.socket = context.wrap_socket(secure.socket, server_side=True)
    threads = [threading.Thread(target=server.serve_forever, args=(0.02,)) for server in (plain, secure)]
    for thread in threads:
        thread.start()
    yield f"http://localhost:{plain.server_port}", f"https://localhost:{secure.server_port}"
    for server, thread in zip((plain, secure), threads, strict=True):
        server.shutdown()
        thread.join()
        server.server_close()


def fetch(url: str, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return download.download(url, folder, progress=silent)


def test_redirect_from_https_to_http_is_refused(servers, tmp_path):
    plain, secure = servers
    with pytest.raises(DownloadError, match="redirects from https to http"):
        fetch(f"{secure}/to?{plain}/file", tmp_path / "got")
    assert [path.name for path in (tmp_path / "got").iterdir()] == []


def test_redirect_within_https_is_followed(servers, tmp_path):
    _, secure = servers
    assert fetch(f"{secure}/to?{secure}/file", tmp_path / "got").read_bytes() == b"bytes"


def test_file_that_the_disk_has_no_room_for_is_not_begun(servers, tmp_path):
    plain, _ = servers
    with pytest.raises(DownloadError, match="bytes, but"):
        fetch(f"{plain}/huge", tmp_path / "got")
    assert [path.name for path in (tmp_path / "got").iterdir()] == []


def test_other_bytes_than_at_the_first_download_are_refused(servers, tmp_path, monkeypatch):
    plain, _ = servers
    got = fetch(f"{plain}/file", tmp_path / "got")
    got.write_bytes(b"Bytes")
    assert fetch(f"{plain}/file", tmp_path / "got").read_bytes() == b"bytes"  # fetched anew
    got.unlink()

    def other(self: Answers) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"BYTES")

    monkeypatch.setattr(Answers, "do_GET", other)
    with pytest.raises(DownloadError, match="not the same as at the first download"):
        fetch(f"{plain}/file", tmp_path / "got")
