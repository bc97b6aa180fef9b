"""The site is built from the pages as they are, without a broken link, and asks nothing of any other host."""

import re
import tomllib
from urllib.parse import unquote

import pytest

from docs.build_site import CONFIG, SiteError, lay_out, pages, render
from tests.docs.built_site import read_page, require_zensical, site
from tests.docs.pages import ROOT

ELSEWHERE = re.compile(r"(https?:)?//|mailto:")
STYLE_LOADS = re.compile(r"(?:url\(|@import )['\"]?(?:https?:)?//")

__all__ = ["site"]


def navigated(entries) -> list[str]:
    """The pages below these entries of the navigation."""
    found = []
    for entry in entries:
        for value in entry.values():
            found += navigated(value) if isinstance(value, list) else [value]
    return found


def test_every_page_has_its_place_in_the_navigation():
    listed = navigated(tomllib.loads(CONFIG.read_text())["project"]["nav"])
    assert sorted(listed) == sorted(path.as_posix() for path in pages())


def test_every_page_of_the_repository_is_a_page_of_the_site(site):
    made = {path.relative_to(site).with_suffix("") for path in site.rglob("*.html")}
    expected = {path.with_suffix("") for path in pages() if path.name != "README.md"}
    assert expected <= made
    assert "no number is ever copied by hand" in (site / "index.html").read_text()


def test_report_on_the_site_is_the_reference_s_page(site):
    assert (site / "reports/report.html").read_bytes() == (ROOT / "reports/report.html").read_bytes()


def test_links_of_the_site_lead_to_pages_and_places(site):
    read = {path: read_page(path) for path in site.rglob("*.html") if path.name != "404.html"}
    for path, page in read.items():
        for link in [*page.linked, *page.loaded]:
            if ELSEWHERE.match(link) or link.startswith("data:"):
                continue
            file, _, place = unquote(link).partition("#")
            target = (path.parent / file).resolve() if file else path
            target = target / "index.html" if target.is_dir() else target
            assert target.is_file(), f"{path.relative_to(site)}: {link}"
            if place and target.suffix == ".html":
                assert place in read[target].places, f"{path.relative_to(site)}: {link}"


def test_no_page_loads_anything_from_another_host(site):
    loaded = [(path, one) for path in site.rglob("*.html") for one in read_page(path).loaded]
    assert len(loaded) > 100
    assert [found for found in loaded if ELSEWHERE.match(found[1])] == []
    assert [path for path in site.rglob("*.css") if STYLE_LOADS.search(path.read_text())] == []


def test_links_to_an_absent_page_and_to_an_absent_place_fail_the_build(tmp_path):
    require_zensical()
    lay_out(tmp_path)
    (tmp_path / "pages" / "README.md").write_text("# A\n\n[page](docs/absent.md), [place](docs/statistics.md#absent)\n")
    with pytest.raises(SiteError, match=r"(?s)page does not exist.*anchor does not exist"):
        render(tmp_path)


def test_picture_of_the_readme_is_the_report_and_small():
    picture = ROOT / "docs" / "images" / "report.png"
    assert "](docs/images/report.png)" in (ROOT / "README.md").read_text()
    assert picture.stat().st_size < 200_000
