"""The PH2 database, which its authors give to those who register: 200 images without a split."""

from pathlib import Path

from isicbench.data.dataset import Dataset
from isicbench.data.pairing import pair_files
from isicbench.data.published_files import default_root, require_counts
from isicbench.errors import DataError

PAGE = "https://www.fc.up.pt/addi/ph2%20database.html"
COUNT = 200
PICTURE = "*/*_Dermoscopic_Image/*.bmp"
MASK = "*/*_lesion/*_lesion.bmp"
IMAGES_FOLDERS = ("PH2 Dataset images", "PH2_Dataset_images")
CITATION = (
    "Mendonça T, Ferreira PM, Marques JS, Marcal ARS, Rozeira J. PH2 - A dermoscopic image database for research and "
    "benchmarking. 35th Annual International Conference of the IEEE Engineering in Medicine and Biology Society "
    "(EMBC), 5437-5440 (2013). doi:10.1109/EMBC.2013.6610779."
)


def open_ph2(data_dir: Path | None) -> Dataset:
    """All pairs of PH2, in `test`, beneath `data_dir` or the home folder.

    Raises `DataError` where they are not there, with what to do, or are not 200.
    """
    root = (data_dir or default_root("ph2")).expanduser().resolve()
    folder = images_folder(root)
    if folder is None:
        raise DataError(f"PH2 is not in {root}", hint=_manual_hint())
    dataset = scan_ph2(root, folder)
    require_counts([len(dataset.test)], [COUNT], shown_as=str(root), title="PH2")
    return dataset


def images_folder(root: Path) -> Path | None:
    """The folder with a folder for each image; None where there is none at or beneath `root`."""
    places = [root, *(root / outer / name for outer in ("", "PH2Dataset") for name in IMAGES_FOLDERS)]
    return next((place for place in places if place.is_dir() and next(place.glob(PICTURE), None)), None)


def scan_ph2(root: Path, folder: Path) -> Dataset:
    """Every pair beneath the folder, however many; raises `DataError` where an image or a mask is alone."""
    return Dataset(
        name="ph2",
        root=root,
        train=(),
        test=pair_files(sorted(folder.glob(PICTURE)), sorted(folder.glob(MASK)), shown_as=str(folder)),
        source=PAGE,
        licence="for research and benchmarking, from its authors on registration",
        citation=CITATION,
    )


def _manual_hint() -> str:
    return (
        f"Its authors ask for a registration, so isicbench cannot download it. Get PH2Dataset.rar at\n  {PAGE}\n"
        f"unpack it, and move the folder PH2Dataset to\n  {default_root('ph2')}\n"
        "or leave it where it is and name it: --data-dir PH2Dataset"
    )
