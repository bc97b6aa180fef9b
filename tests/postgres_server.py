"""A real PostgreSQL server for tests: its own data, a unix socket, no port; started and stopped at will."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.waiting import wait_until

PASSWORD = "s3cret-pg-w0rd"
"""Tests look for it in every output."""
USER = "me"
QUICK = ("fsync=off", "full_page_writes=off")
"""Nothing of a test outlives a power cut; a killed server loses nothing by these."""
INSTALLED = Path("/usr/lib/postgresql")


def programs() -> Path | None:
    """The folder of `initdb` and `postgres`; None where PostgreSQL's server is not installed."""
    newest = sorted(INSTALLED.glob("*/bin"), key=lambda folder: int(folder.parent.name), reverse=True)
    on_path = shutil.which("initdb")
    folders = [*([Path(on_path).resolve().parent] if on_path else []), *newest]
    return next(
        (folder for folder in folders if all((folder / name).exists() for name in ("initdb", "postgres"))), None
    )


class PostgresServer:
    """One server. `url` names a database with the password in it; `url_without_password` relies on PGPASSWORD."""

    def __init__(self, folder: Path, bin_folder: Path) -> None:
        self.folder = folder
        self._bin = bin_folder
        self._process: subprocess.Popen[bytes] | None = None
        self._identity = _unprivileged()
        for name in (folder, folder / "data"):
            name.mkdir(mode=0o700, exist_ok=True)
            self._own(name)
        (folder / "password").write_text(f"{PASSWORD}\n")
        self._own(folder / "password")
        place = ("--pgdata", str(folder / "data"), "--no-sync", "--encoding", "UTF8", "--no-locale")
        access = ("--username", USER, "--pwfile", str(folder / "password"), "--auth", "scram-sha-256")
        self._run("initdb", *place, *access)

    def start(self) -> None:
        """Return when it takes connections."""
        settings = ["listen_addresses=", f"unix_socket_directories={self.folder}", "max_connections=120", *QUICK]
        command = [self._bin / "postgres", "-D", self.folder / "data", *(f"--{setting}" for setting in settings)]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, **self._identity)
        wait_until(self._is_ready, seconds=60)

    def stop(self, *, crash: bool = False) -> None:
        """End every connection and the server; a crash leaves its log to be replayed at the next start."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT if crash else signal.SIGINT)
            self._process.wait(60)
            self._process = None

    def url(self, database: str, *, folder: Path | None = None) -> str:
        return f"postgresql://{USER}:{PASSWORD}@/{database}?host={folder or self.folder}"

    def url_without_password(self, database: str) -> str:
        return f"postgresql://{USER}@/{database}?host={self.folder}"

    def ask(self, statement: str, *, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Execute one statement outside of a transaction, on a connection of its own."""
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def end_connections(self, database: str) -> int:
        """Terminate every connection to the database, as an administrator would; how many there were."""
        end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
        return len(self.ask(end))

    @contextlib.contextmanager
    def database(self, *, template: str = "template1", options: str = "") -> Iterator[str]:
        """The name of a new database, which is dropped at the end."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        self.ask(f"CREATE DATABASE {name} TEMPLATE {template} {options}")
        try:
            yield name
        finally:
            self.ask(f"DROP DATABASE {name} WITH (FORCE)")

    def _is_ready(self) -> bool:
        import psycopg

        if self._process is None or self._process.poll() is not None:
            raise RuntimeError((self.folder / "log").read_text())
        with contextlib.suppress(psycopg.OperationalError):
            return bool(self.ask("SELECT 1"))
        return False

    def _own(self, path: Path) -> None:
        if self._identity:
            os.chown(path, self._identity["user"], self._identity["group"])

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._bin / program, *arguments], capture_output=True, text=True, cwd=self.folder, **self._identity
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr}")


def _unprivileged() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: then as the package's user, or as nobody."""
    if os.getuid() != 0:
        return {}
    import pwd

    names = {entry.pw_name for entry in pwd.getpwall()}
    entry = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


@contextlib.contextmanager
def running_server(bin_folder: Path) -> Iterator[PostgresServer]:
    """In a folder with a short name: a socket's path may have some hundred characters."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    server = PostgresServer(folder, bin_folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
