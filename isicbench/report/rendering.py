"""What a format is given, and what it gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rich.console import Group

from isicbench.report.contents import ReportContents
from isicbench.report.layout import Layout
from isicbench.report.source import ReportSource


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest:
    source: ReportSource
    """For what is drawn alone: the predictions' pictures."""
    contents: ReportContents
    layout: Layout = field(default_factory=Layout)
    beside: bool = True
    """Whether files can lie beside the text; not so on standard output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    body: str | Group
    """The report's own file; what a terminal shows is laid out when its width is known."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Beside it, by relative path with forward slashes."""
