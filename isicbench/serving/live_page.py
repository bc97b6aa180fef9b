"""The report's page as it stands, rendered anew only where something was recorded, and not all of the time."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from threading import Lock

from isicbench.errors import IsicbenchError
from isicbench.records import RunRecord
from isicbench.report.html.assets import read_assets, read_message_assets
from isicbench.report.html.page import render_html
from isicbench.store.reading_store import ReadingStore

RESTS = 10
"""A page is as new as this many times what it took to render: rendering takes a tenth of a core from the training."""
UNKNOWN = "unknown"
"""The mark of a page that stands there because the database could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    mark: str
    html: str
    policy: str
    """Content-Security-Policy."""
    found: bool = True
    """False for a message in the report's place."""


class LivePage:
    """One report; asked from several threads, rendered by one at a time."""

    def __init__(self, store: ReadingStore, *, study: int | None) -> None:
        self._store = store
        self._study = study
        self._page: Page | None = None
        self._rests_until = 0.0
        self._lock = Lock()

    def mark(self) -> str:
        """That of the page that `read` would give; raises `StoreError` where the database cannot be read."""
        page = self._page
        if page is not None and time.monotonic() < self._rests_until:
            return page.mark
        return self._store.contents_mark()

    def read(self) -> Page:
        """The report, or a message where there is none or the database cannot be read."""
        with self._lock:
            try:
                mark = self.mark()
                if self._page is None or self._page.mark != mark:
                    self._page = self._rendered(mark)
                return self._page
            except IsicbenchError as error:
                return _message(error, mark=UNKNOWN)

    def _rendered(self, mark: str) -> Page:
        began = time.monotonic()
        try:
            html = render_html(self._store, self._runs(), mark=mark)
        except IsicbenchError as error:
            return _message(error, mark=mark)
        now = time.monotonic()
        self._rests_until = now + RESTS * (now - began)
        return Page(mark=mark, html=html, policy=read_assets(live=True).policy)

    def _runs(self) -> Sequence[RunRecord]:
        return self._store.runs() if self._study is None else self._store.study_runs(self._study)


def _message(error: IsicbenchError, *, mark: str) -> Page:
    assets = read_message_assets()
    html = (
        f'<!doctype html>\n<html lang="en" data-mark="{escape(mark)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>isicbench</title>\n'
        f'<style>{assets.style}</style>\n</head>\n<body>\n<header class="masthead"><div class="brand">isicbench '
        f'<span>report</span></div></header>\n<div class="layout"><main id="main"><h1>No report yet</h1>\n'
        f"<p>{escape(error.message)}</p>\n<p>{escape(error.hint)}</p>\n</main></div>\n"
        f"<script>{assets.script}</script>\n</body>\n</html>\n"
    )
    return Page(mark=mark, html=html, policy=assets.policy, found=False)
