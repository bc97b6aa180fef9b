"""The challenge's folders and file names, and the pairs that are found in them."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from isicbench.data.dataset import Pair
from isicbench.errors import DataError

TRAIN_IMAGES = "ISBI2016_ISIC_Part1_Training_Data"
TRAIN_MASKS = "ISBI2016_ISIC_Part1_Training_GroundTruth"
TEST_IMAGES = "ISBI2016_ISIC_Part1_Test_Data"
TEST_MASKS = "ISBI2016_ISIC_Part1_Test_GroundTruth"
FOLDERS = (TRAIN_IMAGES, TRAIN_MASKS, TEST_IMAGES, TEST_MASKS)

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png")
MASK_ENDING = "_segmentation"
SUPERPIXELS_ENDING = "_superpixels"


def has_layout(root: Path, folders: Sequence[str] = FOLDERS) -> bool:
    return all((root / folder).is_dir() for folder in folders)


def require_layout(root: Path, folders: Sequence[str] = FOLDERS, *, hint: str) -> None:
    """Raise `DataError` that names what is missing of a challenge's folders."""
    if not root.exists():
        raise DataError(f"{root}: no such folder", hint=hint)
    if not root.is_dir():
        raise DataError(f"{root} is a file, not a folder", hint=hint)
    if missing := [folder for folder in folders if not (root / folder).is_dir()]:
        raise DataError(f"{root} has no folder {', '.join(missing)}", hint=hint)


def scan(root: Path) -> tuple[tuple[Pair, ...], tuple[Pair, ...]]:
    """The (train, test) pairs beneath `root`, sorted by id.

    An image without a mask, a mask without an image, and a second image with the same id each give a pair of their
    own, so that they are named by `verify` and never dropped. Raises `DataError` for a split without any file.
    """
    train = scan_split(root / TRAIN_IMAGES, root / TRAIN_MASKS)
    test = scan_split(root / TEST_IMAGES, root / TEST_MASKS)
    return train, test


def scan_split(images: Path, masks: Path) -> tuple[Pair, ...]:
    """The pairs of two folders, as `scan` gives them."""
    pairs = _pairs(images, masks)
    if not pairs:
        raise DataError(f"{images} holds no images", hint=f"Expected files like {images.name}/ISIC_0000000.jpg in it.")
    return pairs


def _pairs(images: Path, masks: Path) -> tuple[Pair, ...]:
    mask_of = {mask_id(path): path for path in visible_files(masks) if is_mask(path)}
    pairs = []
    for image in visible_files(images):
        if _is_image(image):
            mask = mask_of.get(image.stem, masks / f"{image.stem}_Segmentation.png")
            pairs.append(Pair(image_id=image.stem, image=image, mask=mask))
    with_image = {pair.image_id for pair in pairs}
    alone = mask_of.keys() - with_image
    pairs += [Pair(image_id=name, image=images / f"{name}.jpg", mask=mask_of[name]) for name in alone]
    return tuple(sorted(pairs, key=lambda pair: (pair.image_id, pair.image.name)))


def visible_files(folder: Path) -> Iterator[Path]:
    """Entries in name order, without hidden ones such as the `._` files of macOS. Raises `DataError`."""
    return iter(sorted(path for path in _entries(folder) if not path.name.startswith(".")))


def _entries(folder: Path) -> Iterable[Path]:
    try:
        return list(folder.iterdir())
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error.strerror}", hint="Check the folder's permissions.") from error


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_SUFFIXES and not path.stem.lower().endswith((MASK_ENDING, SUPERPIXELS_ENDING))


def is_mask(path: Path) -> bool:
    """Whether the name is that of a mask, `ISIC_0000000_Segmentation.png`."""
    return path.suffix.lower() == ".png" and path.stem.lower().endswith(MASK_ENDING)


def mask_id(path: Path) -> str:
    """The id of the image that a mask belongs to."""
    return path.stem[: -len(MASK_ENDING)]
