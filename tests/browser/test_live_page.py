"""The served page in a real browser: an epoch that is recorded appears by itself, and disturbs nobody."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from isicbench.records import Owner, StepRecord
from isicbench.store.experiments import RunRequest
from isicbench.store.store import Store, open_store
from tests.commands import start_isicbench
from tests.report.study_records import config, dataset, epoch
from tests.serving.servers import Server, serving
from tests.waiting import wait_until

pytest.importorskip("starlette", reason="the extra `serve` is not installed")
pytest.importorskip("uvicorn", reason="the extra `serve` is not installed")

FROZEN, FINE_TUNED = (config(frozen=frozen).default_name for frozen in (True, False))


@pytest.fixture
def store(tmp_path) -> Iterator[Store]:
    """Two experiments at their first epoch."""
    with closing(open_store(str(tmp_path / "results.db"))) as store:
        configs = [config(epochs=50, frozen=frozen) for frozen in (True, False)]
        store.add_study("run", [RunRequest(config=one, seed=0, dataset=dataset()) for one in configs])
        for run_id in (1, 2):
            owner = Owner(host="host", pid=1, process_started=0.0, slot=f"cpu:{run_id}")
            store.claim(run_id, owner, log_path=f"runs/{run_id}.log")
            store.record_progress(run_id, StepRecord(epoch=1, step=1, steps=10))
            store.record_epoch(run_id, epoch(1))
        yield store


@pytest.fixture
def server(store, tmp_path) -> Iterator[Server]:
    with serving(store.url, log=tmp_path / "log") as server:
        yield server


@pytest.fixture
def page(browser, server) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 700}, reduced_motion="reduce")
    page = context.new_page()
    page.complaints = []
    page.on("console", lambda said: page.complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto(f"{server.url}/?token={server.token}")
    yield page
    context.close()


def epochs_shown(page: Any, text: str) -> None:
    page.get_by_role("cell", name=text, exact=True).first.wait_for(timeout=60_000)


def test_token_leaves_the_address_bar_and_nothing_complains(page, server):
    assert page.url == f"{server.url}/"
    assert page.locator(".live").inner_text().startswith("Live, as of ")
    page.wait_for_load_state("networkidle")
    assert page.complaints == []


def test_epoch_appears_with_switches_order_openings_focus_and_place_as_they_were(page, store):
    page.locator("[data-toggle]", has_text=FROZEN).first.click()
    page.locator('details:has([data-values="train-loss"]) summary').click()
    runs = page.get_by_role("region", name="Runs with their durations and speed")
    runs.locator("th button", has_text="Epochs").click()
    runs.locator("th button").first.focus()
    page.evaluate("scrollTo(0, document.getElementById('runs').getBoundingClientRect().top + scrollY + 5)")
    before = page.evaluate("document.getElementById('runs').getBoundingClientRect().top")
    store.record_epoch(2, epoch(2))
    epochs_shown(page, "2 of 50")
    page.locator("details[open] tbody tr").nth(1).wait_for()
    for experiment, pressed in ((FROZEN, "false"), (FINE_TUNED, "true")):
        toggles = page.locator("[data-toggle]", has_text=experiment).all()
        assert {toggle.get_attribute("aria-pressed") for toggle in toggles} == {pressed}
    assert runs.locator("th[aria-sort]").inner_text() == "Epochs"
    assert [cell.inner_text() for cell in runs.locator("tbody th").all()] == ["2", "1"]
    assert page.evaluate("document.activeElement.textContent") == "Run"
    assert abs(page.evaluate("document.getElementById('runs').getBoundingClientRect().top") - before) <= 2
    assert page.complaints == []


def test_marked_text_is_not_taken_away(page, store, server):
    page.evaluate("getSelection().selectAllChildren(document.querySelector('h1'))")
    before = page.evaluate("document.documentElement.dataset.mark")
    store.record_epoch(1, epoch(2))
    wait_until(lambda: server.ask("/mark").body != before)
    for _ in range(2):  # the second question is asked after the answer to the first was heard
        page.wait_for_event("request", lambda request: request.url.endswith("/mark"))
    assert page.evaluate("getSelection().toString()") != ""
    page.evaluate("getSelection().removeAllRanges()")
    epochs_shown(page, "2 of 50")


@pytest.mark.parametrize("lost", [False, True])
def test_page_says_whether_it_is_live_and_axe_finds_nothing(page, server, lost):
    if lost:
        server.process.kill()
        page.locator(".live", has_text="No answer from isicbench serve").wait_for(timeout=60_000)
    assert page.locator(".live").is_visible()
    assert page.locator("#runs").is_visible()
    pytest.importorskip("axe_playwright_python", reason="axe-core is not installed")
    from tests.browser.test_accessibility import violations

    assert violations(page) == []


def test_page_of_a_server_that_was_started_anew_says_where_to_go(page, server, store, tmp_path):
    server.process.kill()
    server.process.wait()
    again = start_isicbench("serve", "--port", server.port, "--db", store.url, log=tmp_path / "again")
    try:
        page.locator(".live", has_text="Open the address that it printed").wait_for(timeout=60_000)
    finally:
        again.kill()
        again.wait()
