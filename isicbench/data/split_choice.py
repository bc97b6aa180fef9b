"""What a user says of the files and the split of a dataset that has no split of its own."""

from dataclasses import dataclass
from pathlib import Path

from isicbench.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitChoice:
    images: Path | None = None
    """A folder of images, whatever their names."""
    masks: Path | None = None
    """Their masks."""
    split_file: Path | None = None
    """A table with a row an image: its id, and the split that it is in."""
    test_share: float | None = None
    """Share of the images that are test images, 1 for all of them; None: the dataset's usual one."""
    group_by: str = ""
    """`COLUMN` of the split file, or `CSV:COLUMN`: images with the same value are never in two splits."""

    def __post_init__(self) -> None:
        if (self.images is None) != (self.masks is None):
            raise ConfigError("--images and --masks name one dataset together", hint="Name both folders.")
        if self.split_file is not None and self.test_share is not None:
            raise ConfigError(
                "--split-file and --test-share both say which images are test images", hint="Name one of them."
            )
        if self.test_share is not None and not 0 < self.test_share <= 1:
            raise ConfigError(f"--test-share {self.test_share:g}: expected a share above 0, up to 1")

    @property
    def splits(self) -> bool:
        """Whether it says which images are test images."""
        return self.split_file is not None or self.test_share is not None
