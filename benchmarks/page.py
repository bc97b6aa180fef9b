"""What the report's page of many runs costs, to render and in the browser. Run: python -m benchmarks.page

Needs: chromium, and pip install playwright
"""

import argparse
import json
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from isicbench.benchmarking.crowded_database import SEEDS, Crowd, fill_database
from isicbench.report.html.page import write_html
from isicbench.store.store import open_store

ROUNDS = 5
LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd"
SORTED = """() => {
    const heading = document.querySelector('table.overview th:nth-child(3) button');
    const start = performance.now();
    heading.click();
    document.body.offsetHeight;
    return performance.now() - start;
}"""
"""Until the page is laid out anew."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page", description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000)
    parser.add_argument("--seeds", type=int, default=SEEDS, help="runs of one experiment")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), Crowd(runs=arguments.runs, images=20, seeds=arguments.seeds))
    print(json.dumps(found, indent=2))


def measure(folder: Path, crowd: Crowd) -> dict[str, Any]:
    """Medians of `ROUNDS` loads and sortings; the rendering once, its CPU seconds without imports."""
    fill_database(str(folder / "crowd.db"), crowd)
    store = open_store(str(folder / "crowd.db"), create=False)
    started = time.process_time()
    [page] = write_html(store, store.runs(), out=folder)
    rendered = time.process_time() - started
    store.close()
    return {
        "runs": crowd.runs,
        "experiments": crowd.runs // crowd.seeds,
        "render_cpu_seconds": round(rendered, 2),
        "page_kib": page.stat().st_size // 1024,
    } | in_browser(page)


def in_browser(page_file: Path) -> dict[str, float]:
    """Milliseconds until the page has loaded, and until its table of experiments is sorted and laid out."""
    from playwright.sync_api import sync_playwright

    loads, sorts = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for _ in range(ROUNDS):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(page_file.as_uri())
            loads.append(page.evaluate(LOADED))
            sorts.append(page.evaluate(SORTED))
            page.close()
        browser.close()
    return {"load_ms": round(statistics.median(loads)), "sort_ms": round(statistics.median(sorts))}


if __name__ == "__main__":
    main()
