"""The page's own style and script, inlined, and the policy that lets nothing else run or load."""

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files

STYLES = ("colours.css", "page.css", "tables.css", "charts.css", "gallery.css", "print.css")
LIVE_STYLE, LIVE_SCRIPT = "live.css", "live.js"
"""Of a page that `isicbench serve` keeps up to date."""
SCRIPTS = ("theme.js", "sorting.js", "series.js", "values.js", "gallery.js", "copying.js", "contents.js")


@dataclass(frozen=True, slots=True, kw_only=True)
class Assets:
    style: str
    script: str
    live: bool = False
    """Whether the script may ask the page's own server for news."""

    @property
    def policy(self) -> str:
        """Content-Security-Policy: this style, this script, pictures within the page, nothing from anywhere else."""
        connect = "connect-src 'self'; " if self.live else ""
        return (
            f"default-src 'none'; style-src {_hash(self.style)}; script-src {_hash(self.script)}; img-src data:; "
            f"{connect}base-uri 'none'; form-action 'none'"
        )


def read_assets(*, live: bool = False) -> Assets:
    """Those of the report's page; `live` is one that looks for news."""
    styles, scripts = ((*STYLES, LIVE_STYLE), (*SCRIPTS, LIVE_SCRIPT)) if live else (STYLES, SCRIPTS)
    return _assets(styles, scripts, live=live)


def read_message_assets() -> Assets:
    """Those of a page that stands in the report's place until there is one."""
    return _assets((*STYLES, LIVE_STYLE), (LIVE_SCRIPT,), live=True)


def _assets(styles: tuple[str, ...], scripts: tuple[str, ...], *, live: bool) -> Assets:
    return Assets(style=_joined(styles), script='"use strict";\n' + _joined(scripts), live=live)


def _joined(names: tuple[str, ...]) -> str:
    folder = files("isicbench.report.html") / "assets"
    return without_blank_lines("\n".join((folder / name).read_text("utf-8") for name in names))


def without_blank_lines(text: str) -> str:
    """The text's lines that hold something; the policy's hashes are of text that the page holds unchanged."""
    return "\n".join(line for line in text.splitlines() if line.strip())


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
