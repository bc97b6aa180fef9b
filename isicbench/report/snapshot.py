"""A study's rows at one moment."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from isicbench.records import RunRecord
from isicbench.report.estimate import Epochs


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    runs: Sequence[RunRecord] = ()
    """In the study's order."""
    epochs: Epochs = field(default_factory=dict)
    """By run."""
