"""Reading the project's Markdown pages."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])

_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def prose(page: Path) -> str:
    """The page without its code blocks."""
    return _FENCE.sub("", page.read_text())


def sections(page: Path) -> dict[str, str]:
    """What stands beneath each heading, up to the next one of any level."""
    parts = _HEADING.split(prose(page))
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def code_words(text: str) -> list[str]:
    """Everything in backticks."""
    return _CODE.findall(text)


def first_cells(text: str) -> list[str]:
    """The backticked words in the first cell of each row of the tables in `text`."""
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    return [word for row in rows for word in code_words(row.split("|")[1])]


def column_list(text: str) -> list[str]:
    """The words of the paragraphs that hold nothing but words in backticks."""
    paragraphs = [part.strip() for part in text.split("\n\n")]
    lists = [part for part in paragraphs if part and not _CODE.sub("", part).strip()]
    return [word for part in lists for word in code_words(part)]


def blocks_after(page: Path, marker: str) -> list[str]:
    """The code blocks that follow directly on a `<!-- marker... -->` line."""
    pattern = re.compile(rf"^<!-- {re.escape(marker)}[^\n]*-->\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    return pattern.findall(page.read_text())


def shell_blocks(page: Path) -> list[str]:
    """What stands in the page's `sh` blocks."""
    return re.findall(r"^```sh\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
