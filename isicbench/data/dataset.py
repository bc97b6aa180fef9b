"""What a dataset is to the rest of isicbench: pairs of files in two splits."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """An image and its expert mask. Either file may be missing: `verify` and `prepare` name it."""

    image_id: str
    image: Path
    mask: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """Pairs sorted by id; `expected_counts` are (train, test) where the dataset is a published one."""

    name: str
    root: Path
    train: tuple[Pair, ...]
    test: tuple[Pair, ...]
    source: str
    licence: str
    citation: str
    expected_counts: tuple[int, int] | None = None
    remarks: tuple[str, ...] = ()
    """What a user should know before trusting results on it."""

    @property
    def splits(self) -> tuple[tuple[str, tuple[Pair, ...]], ...]:
        return (("train", self.train), ("test", self.test))
