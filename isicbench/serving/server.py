"""A server on this machine's own address, until it is stopped."""

import errno
import os
import socket

import uvicorn

from isicbench.errors import IsicbenchError
from isicbench.serving.access import Access
from isicbench.serving.app import make_app
from isicbench.serving.live_page import LivePage

ADDRESS = "127.0.0.1"
SECONDS_TO_END = 3
"""For answers that are under way when it is stopped."""


def listen(port: int) -> socket.socket:
    """A socket that nobody but this machine reaches; port 0 is any free one. Raises `IsicbenchError` if taken."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # a port is free at once when its server was killed; elsewhere this would share it
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((ADDRESS, port))
        listening.listen()
    except OSError as error:
        listening.close()
        why = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be listened on ({error.strerror})"
        raise IsicbenchError(
            f"port {port} of {ADDRESS} {why}", hint="Name another, or any free one: isicbench serve --port 0"
        ) from error
    return listening


def address_of(listening: socket.socket, access: Access) -> str:
    """The page's address with the token."""
    return f"http://{ADDRESS}:{listening.getsockname()[1]}/?token={access.token}"


def serve(page: LivePage, access: Access, listening: socket.socket) -> None:
    """Answer until SIGINT or SIGTERM, which takes its usual effect afterwards. Requests hold tokens: none is logged."""
    config = uvicorn.Config(
        make_app(page, access),
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=SECONDS_TO_END,
    )
    with listening:
        uvicorn.Server(config).run(sockets=[listening])
