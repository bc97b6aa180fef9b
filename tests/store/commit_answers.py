"""A server's connections through a go-between that takes away the answer to a commit, as a network may."""

import contextlib
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

SOCKET = ".s.PGSQL.5432"


class AnswerThief:
    """Listens on a socket of its own. While `armed`, the next commit reaches the server, its answer reaches nobody."""

    def __init__(self, server: Path, folder: Path) -> None:
        self.armed = False
        self.stolen = 0
        self.folder = folder
        self._server = str(server / SOCKET)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / SOCKET))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._server)
                threading.Thread(target=self._questions, args=(client, server), daemon=True).start()

    def _questions(self, client: socket.socket, server: socket.socket) -> None:
        answers = threading.Thread(target=_pass_on, args=(server, client), daemon=True)
        answers.start()
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                if self.armed and b"COMMIT" in data:
                    self.armed = False
                    self.stolen += 1
                    client.shutdown(socket.SHUT_RDWR)
                    server.sendall(data)
                    answers.join(10)
                    break
                server.sendall(data)
        client.close()
        server.close()


def _pass_on(server: socket.socket, client: socket.socket) -> None:
    """Until one of them is gone; an answer that nobody takes is the sign that the server has done its work."""
    with contextlib.suppress(OSError):
        while data := server.recv(65536):
            client.sendall(data)


@contextlib.contextmanager
def answer_thief(server: Path) -> Iterator[AnswerThief]:
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    thief = AnswerThief(server, folder)
    try:
        yield thief
    finally:
        thief.close()
        shutil.rmtree(folder, ignore_errors=True)
