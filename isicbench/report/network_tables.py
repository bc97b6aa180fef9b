"""Tables of the networks that a config can name."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from isicbench.models.listing import ListedDecoder, ListedEncoder
from isicbench.plugins import ListedPart
from isicbench.report.wording import printable


def encoders_table(rows: Sequence[ListedEncoder], *, size_px: int) -> RenderableType:
    table = _table("Encoder", "Params (M)", "GFLOPs", "Channels by stride")
    for row in rows:
        channels = ", ".join(f"{stride}: {count}" for stride, count in row.channels.items())
        table.add_row(printable(row.name), f"{row.parameters / 1e6:.2f}", f"{row.gflops:.3f}", channels)
    licences = ", ".join(sorted({row.licence for row in rows if not row.package}))
    note = f"GFLOPs of one image of {size_px} px, without a decoder. Code and weights: {licences} (torchvision)."
    return Group(table, Text(), Text(f"{note}{_others(rows)}", style="dim"))


def _others(rows: Sequence[ListedEncoder | ListedDecoder]) -> str:
    """Which packages the rest comes from."""
    found = sorted({_origin(row.package, row.licence) for row in rows if row.package})
    return printable(f" Of other packages: {', '.join(found)}.") if found else ""


def decoders_table(rows: Sequence[ListedDecoder], *, encoder: str, size_px: int) -> RenderableType:
    table = _table("Decoder", "Params (M)", "GFLOPs", "After")
    for row in rows:
        named = (f"{row.parameters / 1e6:.2f}", f"{row.network_gflops:.3f}", printable(row.source))
        table.add_row(printable(row.name), *named)
    note = f"GFLOPs of one image of {size_px} px, {printable(encoder)} included."
    return Group(table, Text(), Text(f"{note}{_others(rows)}", style="dim"))


def parts_table(parts: Sequence[ListedPart], *, heading: str) -> RenderableType:
    """A line each: what it is, and the package that it comes from, where it is not built in."""
    rows = [(part, getattr(part, "folder", None)) for part in parts if not part.problem]
    has_folders = any(folder for _, folder in rows)
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for name in (heading, "What it is", "From", *(["Folder"] if has_folders else [])):
        table.add_column(name, overflow="fold")
    for part, folder in rows:
        cells = (part.name, part.what, _origin(part.package, part.licence), *([folder or ""] if has_folders else []))
        table.add_row(*(Text(printable(cell)) for cell in cells))
    return table


def _origin(package: str, licence: str) -> str:
    if not package:
        return "built in"
    return f"{package} ({licence})" if licence else package


def _table(*headings: str) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place in (1, 2) else "left")
    return table
