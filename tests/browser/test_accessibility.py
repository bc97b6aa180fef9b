"""Nothing that axe-core finds: contrast, names, roles, headings, regions that scroll."""

import pytest

from tests.browser.conftest import DESK, PHONE, missing


def violations(page) -> list[str]:
    try:
        from axe_playwright_python.sync_playwright import Axe
    except ImportError:
        missing("axe-core is not installed (pip install axe-playwright-python)")
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [DESK, PHONE], ids=["desk", "phone"])
def test_page_has_no_violation(opened, width, theme):
    assert violations(opened(width=width, theme=theme).page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_enlarged_picture_and_opened_values_have_no_violation(opened, theme):
    page = opened(theme=theme).page
    page.locator("details.values summary").first.click()
    page.locator("[data-tile]").first.click()
    assert violations(page) == []
