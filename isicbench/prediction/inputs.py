"""The images to predict: what the arguments of `isicbench predict` name."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from isicbench.data.layout import IMAGE_SUFFIXES, SUPERPIXELS_ENDING, is_mask, visible_files
from isicbench.errors import DataError

SUFFIXES = (*IMAGE_SUFFIXES, ".bmp", ".tif", ".tiff", ".webp")
"""What is taken for an image in a folder; a file that is named itself may be of any kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    images: tuple[Path, ...]
    """By stem, whatever the order of the arguments; each once."""
    passed_over: int
    """Files in the folders that are no images by their names."""


def find_inputs(arguments: Sequence[Path]) -> Inputs:
    """The files, and the images that lie in the folders (not in folders within them).

    Raises `DataError` where an argument is not there, where there is no image, or where two have the same stem and
    would get the same mask.
    """
    images: dict[Path, Path] = {}
    passed_over = 0
    for argument in arguments:
        for path in _files_of(argument.expanduser()):
            if argument.expanduser().is_dir() and not _is_image(path):
                passed_over += 1
            else:
                images.setdefault(path.absolute(), path)  # a link is an image of its own
    if not images:
        raise DataError(
            f"no image in {', '.join(map(str, arguments))}", hint=f"Expected files that end in {', '.join(SUFFIXES)}."
        )
    found = sorted(images.values(), key=lambda path: (path.stem, str(path)))
    _require_one_stem_each(found)
    return Inputs(images=tuple(found), passed_over=passed_over)


def _files_of(argument: Path) -> Iterator[Path]:
    if not argument.exists():
        raise DataError(f"{argument}: no such file or folder", hint="Name image files, or folders of them.")
    if argument.is_dir():
        yield from (path for path in visible_files(argument) if not path.is_dir())
    else:
        yield argument


def _is_image(path: Path) -> bool:
    is_superpixels = path.stem.lower().endswith(SUPERPIXELS_ENDING)
    return path.suffix.lower() in SUFFIXES and not is_superpixels and not is_mask(path)


def _require_one_stem_each(images: Sequence[Path]) -> None:
    by_stem: defaultdict[str, list[Path]] = defaultdict(list)
    for path in images:
        by_stem[path.stem].append(path)
    clashes = [" and ".join(map(str, paths)) for paths in by_stem.values() if len(paths) > 1]
    if clashes:
        lines = "\n".join(f"  {clash}" for clash in clashes)
        raise DataError(
            f"images of one name would get the same mask\n{lines}",
            hint="Rename one of each, or predict them into different folders.",
        )
