"""Who may read: whoever holds the token, by this machine's own name, and with reading methods only."""

import hmac
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_urlsafe

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS = ("GET", "HEAD")
HOSTS = ("127.0.0.1", "localhost")
"""Names in the Host header; a page of another name that was made to point here (DNS rebinding) is refused."""
HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
NOTHING = "default-src 'none'; frame-ancestors 'none'"
"""Content-Security-Policy of an answer that is no page."""
NO_TOKEN = "Open the address that isicbench serve printed when it was started: it holds the token.\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A token of 256 random bits, and the cookie that holds it after the first visit."""

    token: str = field(default_factory=lambda: token_urlsafe(32), repr=False)

    @property
    def cookie(self) -> str:
        """Another name for each token: a browser sends a host's cookies to all of its ports."""
        return f"isicbench-{sha256(self.token.encode()).hexdigest()[:12]}"

    def is_token(self, text: str) -> bool:
        """Compared in a time that tells nothing of where they differ."""
        return hmac.compare_digest(text.encode("utf-8", "surrogatepass"), self.token.encode())


class Guard:
    """Answers in the app's place whoever may not read; every answer carries the security headers."""

    def __init__(self, app: ASGIApp, *, access: Access) -> None:
        self.app = app
        self.access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name for name, _ in message["headers"]}
                wanted = {"Content-Security-Policy": NOTHING, **HEADERS}
                pairs = [(name.lower().encode(), value.encode()) for name, value in wanted.items()]
                message["headers"] = [*message["headers"], *(pair for pair in pairs if pair[0] not in given)]
            await send(message)

        answer = self._answer(Request(scope)) or self.app
        await answer(scope, receive, send_with_headers)

    def _answer(self, request: Request) -> Response | None:
        """What there is to say in the app's place; None where it may answer."""
        if request.method not in METHODS:
            return PlainTextResponse("This server is read only.\n", 405, {"Allow": ", ".join(METHODS)})
        if not is_own_name(request.headers.getlist("host")):
            return PlainTextResponse("This server answers to 127.0.0.1 and localhost.\n", 400)
        if self.access.is_token(request.query_params.get("token", "")):
            return self._with_cookie(request)
        if self.access.is_token(request.cookies.get(self.access.cookie, "")):
            return None
        return PlainTextResponse(NO_TOKEN, 403)

    def _with_cookie(self, request: Request) -> Response:
        """To the same page without the token, which so stands in no address bar or history from then on."""
        answer = RedirectResponse(request.url.path, 303)
        answer.set_cookie(self.access.cookie, self.access.token, httponly=True, samesite="strict")
        return answer


def is_own_name(hosts: list[str]) -> bool:
    """Whether there is one Host, and it names this machine to itself; the port may be that of a tunnel."""
    if len(hosts) != 1:
        return False
    name, _, port = hosts[0].lower().partition(":")
    return name in HOSTS and (not port or port.isdecimal())
