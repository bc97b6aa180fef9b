"""What a dataset is to the rest of isicbench: pairs of files in two or three splits."""

from dataclasses import dataclass
from pathlib import Path

from isicbench.records import split_counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """An image and its expert mask. Either file may be missing: `verify` and `prepare` name it."""

    image_id: str
    image: Path
    mask: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """Pairs sorted by id; `expected_counts` are (train, test), or (train, validation, test), where the dataset is a
    published one with a split of its own."""

    name: str
    root: Path
    train: tuple[Pair, ...]
    test: tuple[Pair, ...]
    source: str
    licence: str
    citation: str
    expected_counts: tuple[int, ...] | None = None
    remarks: tuple[str, ...] = ()
    """What a user should know before trusting results on it."""
    validation: tuple[Pair, ...] = ()
    """Images to validate on; without any, a run holds some of `train` out."""
    is_grouped: bool = False
    """Whether images belong together that must stay in one split: a patient's, or a lesion's."""
    chosen_validation: bool = False
    """Whether `validation` was held out here, by the share that was asked for, and is none that came with the data."""

    @property
    def splits(self) -> tuple[tuple[str, tuple[Pair, ...]], ...]:
        """Name and pairs of each split; `validation` only where there is one."""
        validation = (("validation", self.validation),) if self.validation else ()
        return (("train", self.train), *validation, ("test", self.test))

    @property
    def counts(self) -> str:
        """`900 training and 379 test`, to be followed by what is counted."""
        return split_counts(train=len(self.train), validation=len(self.validation), test=len(self.test))
