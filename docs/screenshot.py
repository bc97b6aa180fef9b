"""Makes docs/images/report.png, reports/report.html down to its first table: `python -m docs.screenshot`.

Needs playwright (of the extra `dev`) and a chromium.
"""

import shutil
import sys
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
REPORT = ROOT / "reports" / "report.html"
PICTURE = ROOT / "docs" / "images" / "report.png"
WIDTH_PX = 1200
MARGIN_PX = 24
COLOURS = 128
"""Of the picture's palette, which keeps it small; the page has few."""


def chromium() -> str | None:
    """The path of a chromium on this machine."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def photograph(page: Path) -> Image.Image:
    """The page down to the end of its section "Experiments", light, in RGB, 1200 px wide."""
    with sync_playwright() as playwright:
        # In a container chromium runs as root, where it has no sandbox; the page is our own.
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        window = browser.new_page(viewport={"width": WIDTH_PX, "height": WIDTH_PX}, color_scheme="light")
        window.goto(page.as_uri())
        end_px = window.evaluate("document.querySelector('#experiments').getBoundingClientRect().bottom") + MARGIN_PX
        clip = {"x": 0, "y": 0, "width": WIDTH_PX, "height": end_px}
        taken = window.screenshot(clip=clip, full_page=True)
        browser.close()
    return Image.open(BytesIO(taken)).convert("RGB")


if __name__ == "__main__":
    if chromium() is None:
        sys.exit("There is no chromium. Install it: apt-get install chromium")
    photograph(REPORT).quantize(COLOURS).save(PICTURE, optimize=True)
