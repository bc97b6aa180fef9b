"""What is served: the page, and the mark by which it knows that there is news."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from isicbench.errors import IsicbenchError
from isicbench.serving.access import Access, Guard
from isicbench.serving.live_page import LivePage


def make_app(page: LivePage, access: Access) -> ASGIApp:
    """`/` and `/mark`, for GET and HEAD, behind the guard; each is computed in a thread of its own."""

    def report(_request: Request) -> Response:
        shown = page.read()
        policy = f"{shown.policy}; frame-ancestors 'none'"
        return HTMLResponse(shown.html, 200 if shown.found else 503, {"Content-Security-Policy": policy})

    def mark(_request: Request) -> Response:
        try:
            return PlainTextResponse(page.mark())
        except IsicbenchError:
            return PlainTextResponse("the database cannot be read\n", 503)

    routes = [Route("/", report), Route("/mark", mark)]
    return Guard(Starlette(routes=routes, exception_handlers={404: _not_found}), access=access)


def _not_found(_request: Request, _error: Exception) -> Response:
    return PlainTextResponse("There is nothing here but the report: /\n", 404)
