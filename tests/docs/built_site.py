"""The built site, and reading its pages."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path

import pytest

from docs.build_site import build_site
from tests.requiring import require

LOADING = {"img": "src", "script": "src", "link": "href", "iframe": "src", "source": "srcset"}
"""What a browser fetches by itself, by its element."""


@dataclass
class Page:
    """What a page refers to, and the names of its places."""

    loaded: list[str] = field(default_factory=list)
    linked: list[str] = field(default_factory=list)
    places: set[str] = field(default_factory=set)


def require_zensical() -> None:
    require("zensical", find_spec("zensical") is not None, "Zensical is not installed (pip install zensical)")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole site, built once."""
    require_zensical()
    target = tmp_path_factory.mktemp("built") / "site"
    build_site(target)
    return target


def read_page(path: Path) -> Page:
    reader = _Reader()
    reader.feed(path.read_text())
    return reader.page


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if "id" in found:
            self.page.places.add(found["id"])
        if tag == "a" and "href" in found:
            self.page.linked.append(found["href"])
        if LOADING.get(tag) in found:
            self.page.loaded.append(found[LOADING[tag]])
