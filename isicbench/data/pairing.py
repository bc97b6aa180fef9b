"""Images and masks of any names, found to belong together by what their names begin with."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from isicbench.data.dataset import Pair
from isicbench.data.layout import IMAGE_SUFFIXES, SUPERPIXELS_ENDING, visible_files
from isicbench.errors import DataError

ANY_SUFFIXES = (*IMAGE_SUFFIXES, ".bmp", ".tif", ".tiff")
SEPARATORS = "_-. "
NAMED = 20


def pair_folders(images: Path, masks: Path) -> tuple[Pair, ...]:
    """The pairs of two folders, sorted by id. Raises `DataError`, naming files, where not all can be paired."""
    for option, folder in (("--images", images), ("--masks", masks)):
        if not folder.is_dir():
            what = "is a file, not a folder" if folder.exists() else "no such folder"
            raise DataError(f"{option} {folder}: {what}")
    if images == masks:
        raise DataError(
            f"--images and --masks both name {images}", hint="Put the masks into a folder of their own: all is used."
        )
    return pair_files(_pictures(images), _pictures(masks), shown_as=f"{images} and {masks}")


def pair_files(images: Iterable[Path], masks: Iterable[Path], *, shown_as: str) -> tuple[Pair, ...]:
    """Pairs sorted by id, which is the image's name without its suffix.

    A mask is called as its image, or so with more after a separator, such as `a_mask.png` beside `a.jpg`; of several
    images the one with the longest name is meant. Raises `DataError` for two files of one id, and for files alone.
    """
    image_of: dict[str, Path] = {}
    faults = [
        f"{path} and {other} are two images with the id {path.stem}"
        for path in images
        if (other := image_of.setdefault(path.stem, path)) is not path
    ]
    mask_of: dict[str, Path] = {}
    for path in masks:
        image_id = _image_id(path.stem, image_of)
        if image_id is None:
            faults.append(f"{path} is a mask without an image")
        elif (other := mask_of.setdefault(image_id, path)) is not path:
            faults.append(f"{path} and {other} are two masks of {image_id}")
    faults += [f"{path} is an image without a mask" for image_id, path in image_of.items() if image_id not in mask_of]
    if not image_of:
        faults.append("there are no images")
    if faults:
        raise _unpaired(faults, shown_as)
    return tuple(
        Pair(image_id=image_id, image=image_of[image_id], mask=mask_of[image_id]) for image_id in sorted(image_of)
    )


def _image_id(stem: str, images: dict[str, Path]) -> str | None:
    if stem in images:
        return stem
    ends = [place for place in range(len(stem) - 1, 0, -1) if stem[place] in SEPARATORS]
    return next((stem[:end] for end in ends if stem[:end] in images), None)


def _pictures(folder: Path) -> list[Path]:
    return [
        path
        for path in visible_files(folder)
        if path.suffix.lower() in ANY_SUFFIXES and not path.stem.lower().endswith(SUPERPIXELS_ENDING)
    ]


def _unpaired(faults: Sequence[str], shown_as: str) -> DataError:
    more = f"\n  and {len(faults) - NAMED} more" if len(faults) > NAMED else ""
    lines = "\n".join(f"  {fault}" for fault in faults[:NAMED])
    return DataError(
        f"the images and masks of {shown_as} do not pair\n{lines}{more}",
        hint="A mask is called as its image, or so with more after _ or -: lesion1_mask.png beside lesion1.jpg.",
    )
