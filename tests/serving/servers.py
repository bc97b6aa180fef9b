"""Real servers of the `isicbench` command, and requests to them by the standard library."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from tests.commands import start_isicbench
from tests.waiting import wait_until

ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)/\?token=(\S+)")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    """By lower-case names."""
    body: str


@dataclass(frozen=True)
class Server:
    process: subprocess.Popen[str]
    port: int
    token: str
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, path: str = "/", *, method: str = "GET", cookie: str | None = "", **headers: str) -> Answer:
        """With the token's cookie unless `cookie` is another one, or None; a header `Host` replaces the usual one."""
        if cookie == "":
            cookie = self.cookie()
        sent = headers | ({"Cookie": cookie} if cookie else {})
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, headers=sent)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read().decode())
        finally:
            connection.close()

    def cookie(self) -> str:
        """What the first visit sets."""
        return self.ask(f"/?token={self.token}", cookie=None).headers["set-cookie"].partition(";")[0]


@contextmanager
def serving(database: str, *more: object, log: Path) -> Iterator[Server]:
    """`isicbench serve` on a free port, until the context's end."""
    process = start_isicbench("serve", "--port", 0, "--db", database, *more, log=log)
    try:
        found = wait_until(lambda: ADDRESS.search(log.read_text()) or process.poll() is not None)
        assert found is not True, log.read_text()
        yield Server(process, int(found[1]), found[2], log)
    finally:
        process.kill()
        process.wait()
