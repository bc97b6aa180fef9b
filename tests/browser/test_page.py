"""The report's page in a real browser: it loads quietly, fits every width, follows the theme, asks for nothing."""

import pytest

from isicbench.report.html.page import write_html
from tests.browser.conftest import DESK, PHONE
from tests.browser.pages import HOSTILE, large_study


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [DESK, PHONE], ids=["desk", "phone"])
def test_page_loads_without_a_complaint_and_asks_for_nothing_else(opened, page_file, width, theme):
    found = opened(width=width, theme=theme)
    found.page.wait_for_load_state("networkidle")
    assert found.complaints == []
    assert [url for url in found.requests if not url.startswith("data:")] == [page_file.as_uri()]


@pytest.mark.parametrize("width", [DESK, PHONE], ids=["desk", "phone"])
def test_page_is_no_wider_than_the_window(opened, width):
    page = opened(width=width).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width["width"]


@pytest.mark.parametrize("width", [DESK, PHONE], ids=["desk", "phone"])
def test_page_with_endless_names_is_no_wider_either(opened, tmp_path, width):
    names = {"x" * 300: 0.4, "words " * 60: 0.6, "日本語 مرحبا 🧪": 0.5}
    [path] = write_html(*large_study(names), out=tmp_path)
    found = opened(path, width=width)
    assert found.page.evaluate("document.documentElement.scrollWidth") <= width["width"]
    assert found.complaints == []


def test_policy_blocks_scripts_styles_and_pictures_from_outside(opened):
    found = opened()
    found.page.evaluate(
        """() => {
            const script = document.createElement('script');
            script.textContent = 'window.ran = true';
            const picture = document.createElement('img');
            picture.src = 'http://127.0.0.1:9/picture.png';
            document.body.append(script, picture);
        }"""
    )
    assert not found.page.evaluate("'ran' in window")
    assert found.page.evaluate("fetch('http://127.0.0.1:9/').then(() => 'sent', () => 'blocked')") == "blocked"
    assert len([text for text in found.complaints if "Content Security Policy" in text]) >= 3


def test_name_like_a_script_is_shown_as_text(opened):
    found = opened()
    assert found.page.locator("#experiments th", has_text=HOSTILE).count() == 1
    assert found.page.locator("script").count() == 2
    assert found.complaints == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_switch_changes_the_theme_that_the_system_asks_for_and_keeps_it(opened, theme):
    page = opened(theme=theme).page
    other = "light" if theme == "dark" else "dark"
    ground = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(ground)
    button = page.get_by_role("button", name="Dark theme")
    assert button.get_attribute("aria-pressed") == str(theme == "dark").lower()
    button.click()
    assert button.get_attribute("aria-pressed") == str(other == "dark").lower()
    assert page.evaluate(ground) != before
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == other


def test_every_section_is_reached_by_the_keyboard(opened):
    page = opened().page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the results"
    for link in page.locator(".contents a").all():
        link.focus()
        page.keyboard.press("Enter")
        section = link.get_attribute("href")
        assert page.url.endswith(section)
        assert page.locator(f"{section} h1, {section} h2").first.is_visible()


def test_page_without_scripts_still_shows_tables_curves_and_pictures(browser, page_file):
    context = browser.new_context(java_script_enabled=False, viewport=DESK)
    page = context.new_page()
    page.goto(page_file.as_uri())
    for part in ("#experiments table", "#training .chart svg", "#predictions .tile svg", "#reproduction code"):
        assert page.locator(part).first.is_visible()
    assert not page.get_by_role("button", name="Dark theme").is_visible()
    context.close()


def test_print_is_light_shows_every_table_whole_and_no_buttons(opened):
    page = opened(theme="dark").page
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator(".contents").is_visible()
    assert page.evaluate("[...document.querySelectorAll('.scroll')].every((b) => b.scrollHeight <= b.clientHeight + 2)")
    assert page.pdf(format="A4").startswith(b"%PDF")
