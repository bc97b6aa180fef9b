"""Where the masks of images go."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from isicbench.errors import DataError

OVERLAYS = "overlays"
PROBABILITIES = "probabilities"
NAMED = 5
"""So many files an error names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """A folder of masks, named as the challenge names them; what else is asked for lies in folders of its own, so that
    `isicbench score` takes each folder as it is."""

    folder: Path
    overlay: bool = False
    probabilities: bool = False

    @property
    def pictures(self) -> bool:
        """Whether more than masks is drawn."""
        return self.overlay or self.probabilities

    def mask_of(self, image: Path) -> Path:
        return self.folder / f"{image.stem}_segmentation.png"

    def overlay_of(self, image: Path) -> Path:
        return self.folder / OVERLAYS / f"{image.stem}_overlay.jpg"

    def probabilities_of(self, image: Path) -> Path:
        return self.folder / PROBABILITIES / f"{image.stem}.png"

    def files_of(self, image: Path) -> list[Path]:
        """All that is written for one image."""
        files = [self.mask_of(image)]
        if self.overlay:
            files.append(self.overlay_of(image))
        if self.probabilities:
            files.append(self.probabilities_of(image))
        return files

    def require_absent(self, images: Sequence[Path]) -> None:
        """Raise `DataError` where a file that would be written is there already."""
        there = [path for image in images for path in self.files_of(image) if path.exists()]
        if there:
            more = f" and {len(there) - NAMED} more" if len(there) > NAMED else ""
            raise DataError(
                f"there already: {', '.join(map(str, there[:NAMED]))}{more}",
                hint="Name another folder with --out, or write over them with --force.",
            )

    def make_folders(self) -> None:
        """Raises `DataError` where they cannot be made."""
        wanted = [self.folder, *[self.folder / OVERLAYS] * self.overlay]
        wanted += [self.folder / PROBABILITIES] * self.probabilities
        for folder in wanted:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise DataError(
                    f"{folder} cannot be made: {error.strerror or error}", hint="Name another folder with --out."
                ) from error
