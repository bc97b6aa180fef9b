"""A download over https stays there, and what comes down is what came down before."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from isicbench.data import download
from isicbench.data.download import DownloadError
from isicbench.data.progress import silent
from tests.web_servers import Answers, plain_and_secure


@pytest.fixture
def servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, str]]:
    with plain_and_secure(tmp_path, monkeypatch) as addresses:
        yield addresses


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
