"""Tables are sorted and searched by mouse and keyboard."""

import pytest

from isicbench.benchmarking.crowded_database import Crowd, fill_database
from isicbench.report.html.page import write_html
from isicbench.store.store import open_store
from tests.browser.pages import QUALITIES

DICE = "table.overview th:nth-child(3)"


def column(page, number: int) -> list[str]:
    cells = page.locator(f"table.overview tbody tr:visible > :nth-child({number})")
    return [text.strip() for text in cells.all_inner_texts()]


def dice(page) -> list[float | None]:
    texts = [text.split()[0] for text in column(page, 3)]
    return [None if text == "–" else float(text) for text in texts]


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_heading_sorts_downwards_then_upwards_and_rows_without_a_figure_stay_last(opened, by):
    page = opened().page
    button = page.locator(f"{DICE} button")

    def activate():
        if by == "mouse":
            button.click()
        else:
            button.focus()
            page.keyboard.press("Enter")

    activate()
    assert page.locator(DICE).get_attribute("aria-sort") == "descending"
    *figures, last = dice(page)
    assert figures == sorted(figures, reverse=True)
    assert last is None
    activate()
    assert page.locator(DICE).get_attribute("aria-sort") == "ascending"
    assert dice(page) == [*reversed(figures), None]


def test_names_sort_by_the_alphabet(opened):
    page = opened().page
    page.locator("table.overview th:first-child button").click()
    names = [text.split("\n")[0] for text in column(page, 1)]
    assert names == sorted(names, key=str.casefold)
    assert len(names) == len(QUALITIES) + 1


def test_highest_score_is_marked_with_its_interval(opened):
    page = opened().page
    [marked] = page.locator("table.overview td.highest:nth-child(3)").all()
    figure, interval = marked.locator("span").inner_text(), marked.locator("small").inner_text()
    low, high = map(float, interval.split(" to "))
    assert low < float(figure.split()[0]) < high
    assert float(figure.split()[0]) == max(value for value in dice(page) if value is not None)


@pytest.fixture(scope="module")
def crowded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("crowd")
    fill_database(str(folder / "crowd.db"), Crowd(runs=300, epochs=2, images=6))
    store = open_store(str(folder / "crowd.db"), create=False)
    [path] = write_html(store, store.runs(), out=folder)
    store.close()
    return path


def test_many_experiments_can_be_searched(opened, crowded):
    found = opened(crowded)
    page = found.page
    assert len(column(page, 1)) == 30
    page.get_by_role("searchbox").fill("lr 0.0003")
    names = column(page, 1)
    assert 0 < len(names) < 30
    assert all("lr 0.0003" in name for name in names)
    assert page.locator("output").inner_text() == f"{len(names)} of 30"
    assert found.complaints == []
