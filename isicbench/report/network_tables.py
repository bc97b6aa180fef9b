"""Tables of the networks that a config can name."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from isicbench.models.listing import ListedDecoder, ListedEncoder


def encoders_table(rows: Sequence[ListedEncoder], *, size_px: int) -> RenderableType:
    table = _table("Encoder", "Params (M)", "GFLOPs", "Channels by stride")
    for row in rows:
        channels = ", ".join(f"{stride}: {count}" for stride, count in row.channels.items())
        table.add_row(row.name, f"{row.parameters / 1e6:.2f}", f"{row.gflops:.3f}", channels)
    licences = ", ".join(sorted({row.licence for row in rows}))
    note = f"GFLOPs of one image of {size_px} px, without a decoder. Code and weights: {licences} (torchvision)."
    return Group(table, Text(), Text(note, style="dim"))


def decoders_table(rows: Sequence[ListedDecoder], *, encoder: str, size_px: int) -> RenderableType:
    table = _table("Decoder", "Params (M)", "GFLOPs", "After")
    for row in rows:
        table.add_row(row.name, f"{row.parameters / 1e6:.2f}", f"{row.network_gflops:.3f}", row.source)
    note = f"GFLOPs of one image of {size_px} px, {encoder} included."
    return Group(table, Text(), Text(note, style="dim"))


def _table(*headings: str) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place in (1, 2) else "left")
    return table
