"""Builds the documentation as a site: `python -m docs.build_site FOLDER`, by `make site`; a broken link is an error.

The pages are laid out as in this repository, so that their links are those of the Markdown files. The site asks nothing
of any other host, and works opened from the disk, its search included.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
THEME = ROOT / "docs" / "theme"
CONFIG = THEME / "zensical.toml"
PICTURES = {".png", ".svg"}
REPORT = "reports/report.html"
"""It also takes the place of report.md, whose page would have the same name and holds less."""
ALSO = ("LICENSE", REPORT, "docs/analysis.ipynb")
"""What pages link to, besides pages and pictures."""


class SiteError(Exception):
    """The site could not be built; what Zensical said."""


def pages() -> list[Path]:
    """Every page of the site, relative to the repository's root."""
    found = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("reports/*.md")]
    return sorted(path.relative_to(ROOT) for path in found)


def build_site(target: Path) -> None:
    """Makes the site in `target`, in place of an earlier one. Raises `SiteError`, for a broken link among others."""
    with tempfile.TemporaryDirectory() as temporary:
        lay_out(Path(temporary))
        made = render(Path(temporary))
        _copy(ROOT / REPORT, made / REPORT)
        shutil.rmtree(target, ignore_errors=True)
        shutil.move(made, target)


def lay_out(project: Path) -> None:
    """Writes what Zensical reads: the folder `pages`, and its settings beside it."""
    for path in [*pages(), *_pictures(), *map(Path, ALSO)]:
        _copy(ROOT / path, project / "pages" / path)
    for path in THEME.iterdir():
        _copy(path, project / (path.name if path == CONFIG else f"pages/theme/{path.name}"))


def render(project: Path) -> Path:
    """The folder of the site that Zensical has made of a project. Raises `SiteError` with its words."""
    command = [sys.executable, "-m", "zensical", "build", "--strict"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SiteError(done.stdout + done.stderr)
    return project / "site"


def _pictures() -> list[Path]:
    folders = ROOT / "docs" / "images", ROOT / "reports"
    return [path.relative_to(ROOT) for folder in folders for path in folder.rglob("*") if path.suffix in PICTURES]


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


if __name__ == "__main__":
    try:
        build_site(Path(sys.argv[1]))
    except SiteError as error:
        sys.exit(str(error))
