"""A real browser, Debian's chromium, and pages that it opens from files."""

import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from isicbench.report.html.page import write_html
from tests.browser.pages import large_study
from tests.requiring import require

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Ends with its module: Playwright leaves an event loop running, in which no other test could start its own."""
    require("browser", CHROMIUM is not None, "there is no chromium (apt-get install chromium)")
    require("browser", find_spec("playwright") is not None, "playwright is not installed (pip install playwright)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # In a container chromium runs as root, where it has no sandbox; the page is our own.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of three experiments, three seeds each, one of them named like a script."""
    source, runs = large_study()
    [path] = write_html(source, runs, out=tmp_path_factory.mktemp("page"))
    return path


class Opened:
    """A page in its own context, with what the browser said and asked for while it was open."""

    def __init__(self, browser: Any, path: Path, *, width: dict[str, int], theme: str) -> None:
        self.context = browser.new_context(viewport=width, color_scheme=theme, reduced_motion="reduce")
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self._heard(message))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.complaints.append(dialog.message), dialog.dismiss()))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri())

    def _heard(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)


@pytest.fixture
def opened(browser: Any, page_file: Path) -> Iterator[Callable[..., Opened]]:
    """Opens the study's page, or another file; at desk width and light unless told otherwise."""
    pages: list[Opened] = []

    def open_page(path: Path = page_file, *, width: dict[str, int] = DESK, theme: str = "light") -> Opened:
        pages.append(Opened(browser, path, width=width, theme=theme))
        return pages[-1]

    yield open_page
    for page in pages:
        page.context.close()
