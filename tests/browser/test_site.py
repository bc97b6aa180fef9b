"""The documentation's site in a real browser, opened from the disk: quiet, searchable, asking nothing of any host."""

import pytest

from tests.browser.conftest import DESK, PHONE
from tests.docs.built_site import site

__all__ = ["site"]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("name", ["index.html", "docs/statistics.html", "docs/reference/commands.html"])
def test_page_loads_quietly_from_the_disk_alone_and_fits(opened, site, name, width, theme):
    found = opened(site / name, width=width, theme=theme)
    found.page.wait_for_load_state("networkidle")
    assert found.complaints == []
    assert [url for url in found.requests if not url.startswith(("file://", "data:", "blob:"))] == []
    assert found.page.evaluate("document.documentElement.scrollWidth") <= width["width"]


def test_search_finds_a_page_without_any_server(opened, site):
    found = opened(site / "index.html")
    page = found.page
    page.keyboard.press("Control+k")
    page.keyboard.type("sign-flip permutation")
    link = page.get_by_role("link", name="Statistics").first
    link.wait_for()
    assert "docs/statistics.html" in link.get_attribute("href")
    assert [url for url in found.requests if url.startswith("http")] == []
