"""The masks that another tool predicted, as files in a folder."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from isicbench.data.fingerprint import file_hashes
from isicbench.data.layout import is_mask, mask_id, visible_files
from isicbench.data.progress import Progress, silent
from isicbench.data.verify import Fault
from isicbench.errors import DataError
from isicbench.scoring.truth import Truth

OTHER_PICTURES = (".bmp", ".gif", ".jpeg", ".jpg", ".mha", ".nii", ".npy", ".npz", ".tif", ".tiff", ".webp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """Predicted masks by image id, and what is wrong with the folder; the files are not read yet."""

    folder: Path
    files: Mapping[str, Path]
    missing: tuple[str, ...]
    """Ids of the truth without a file."""
    faults: tuple[Fault, ...]
    """Files that belong to no true mask, are there twice, or are no PNG; missing ones unless those are allowed."""
    sha256: str
    """Over ids and bytes."""


def open_predictions(
    folder: Path, truth: Truth, *, allow_missing: bool = False, progress: Progress = silent
) -> Predictions:
    """Find the predictions, `ID_Segmentation.png` or `ID.png`. Raises `DataError` where there are none."""
    folder = folder.expanduser().resolve()
    if not folder.is_dir():
        raise DataError(
            f"{folder}: {'a file, not a folder' if folder.exists() else 'no such folder'}",
            hint="--predictions takes a folder of masks named like ISIC_0000000_Segmentation.png.",
        )
    found = _by_id(folder)
    files = {image_id: paths[0] for image_id, paths in found.items() if image_id in truth.masks}
    if not files:
        raise DataError(
            f"{folder} holds no prediction for any of the {len(truth.masks)} masks in {truth.folder}",
            hint="Expected files like ISIC_0000000_Segmentation.png or ISIC_0000000.png in it.",
        )
    missing = tuple(sorted(truth.masks.keys() - files.keys()))
    faults = [*_naming_faults(found, truth), *_other_pictures(folder)]
    if not allow_missing:
        faults += [
            Fault(file=folder / f"{image_id}_Segmentation.png", problem="missing (--allow-missing scores it 0)")
            for image_id in missing
        ]
    hashes = file_hashes(folder, files.values(), progress=progress)
    rows = sorted([image_id, hashes[path]] for image_id, path in files.items())
    return Predictions(
        folder=folder,
        files=files,
        missing=missing,
        faults=tuple(faults),
        sha256=hashlib.sha256(json.dumps(rows).encode()).hexdigest(),
    )


def _by_id(folder: Path) -> dict[str, list[Path]]:
    found: defaultdict[str, list[Path]] = defaultdict(list)
    for path in visible_files(folder):
        if path.suffix.lower() == ".png":
            found[mask_id(path) if is_mask(path) else path.stem].append(path)
    return dict(found)


def _naming_faults(found: Mapping[str, Sequence[Path]], truth: Truth) -> list[Fault]:
    faults = []
    for image_id, paths in found.items():
        if image_id not in truth.masks:
            faults += [Fault(file=path, problem=f"extra: there is no true mask of {image_id}") for path in paths]
        else:
            faults += [Fault(file=path, problem=f"second prediction for {image_id}") for path in paths[1:]]
    return faults


def _other_pictures(folder: Path) -> list[Fault]:
    others = [path for path in visible_files(folder) if path.suffix.lower() in OTHER_PICTURES]
    return [Fault(file=path, problem=f"is a {path.suffix} file, expected PNG") for path in others]
