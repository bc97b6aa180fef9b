"""Whether a Ray cluster's job interface, which runs what it is sent, answers strangers."""

import http.client
import re
from typing import Literal

from isicbench.errors import ConfigError

PLACE = re.compile(r"(?P<host>[\w.-]+|\[[0-9a-fA-F:]+\]):(?P<port>\d{1,5})")
JOBS = "/api/jobs/"
"""Lists what was run, and changes nothing."""
TIMEOUT_SECONDS = 5.0

Answer = Literal["open", "closed", "silent", "strange"]


def answer_without_token(address: str) -> Answer:
    """How the interface at `HOST:PORT` answers a request that carries no token; no proxy and no redirect is followed.

    `silent` where nobody answers, `strange` for what does not answer as Ray does. Raises `ConfigError` for an address
    that is none.
    """
    match = PLACE.fullmatch(address)
    if match is None or int(match["port"]) > 65535:
        raise ConfigError(f"--address {address}: expected HOST:PORT", hint="Ray's dashboard: HOST:8265")
    connection = http.client.HTTPConnection(match["host"].strip("[]"), int(match["port"]), timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", JOBS)
        answer = connection.getresponse()
        begin = answer.read(1)
    except OSError:
        return "silent"
    except http.client.HTTPException:
        return "strange"
    finally:
        connection.close()
    if answer.status in (401, 403):
        return "closed"
    return "open" if answer.status == 200 and begin == b"[" else "strange"
