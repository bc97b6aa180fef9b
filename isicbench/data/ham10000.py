"""HAM10000 with its lesion masks: downloaded from Harvard Dataverse, or taken from a folder that the user has."""

from pathlib import Path

from isicbench.data.dataset import Dataset
from isicbench.data.image_table import read_column
from isicbench.data.pairing import pair_files
from isicbench.data.progress import Progress, silent
from isicbench.data.published_files import PublishedFiles, default_root, fetch_dataset, require_counts, unpack_all
from isicbench.data.splitting import Groups
from isicbench.data.whole_file import copy_whole
from isicbench.errors import DataError

PAGE = "https://doi.org/10.7910/DVN/DBW86T"
SERVER = "https://dataverse.harvard.edu/api/access/datafile"
COUNT = 10_015
METADATA = "HAM10000_metadata.csv"
GROUP_COLUMN = "lesion_id"
FILES = {
    METADATA: f"{SERVER}/4338392?format=original",
    "HAM10000_segmentations_lesion_tschandl.zip": f"{SERVER}/3838943",
    "HAM10000_images_part_1.zip": f"{SERVER}/3172585",
    "HAM10000_images_part_2.zip": f"{SERVER}/3172584",
}
TABLES = (METADATA, "HAM10000_metadata", "HAM10000_metadata.tab", "ISIC2018_Task3_Training_LesionGroupings.csv")
CITATION = (
    "Tschandl P, Rosendahl C, Kittler H. The HAM10000 dataset, a large collection of multi-source dermatoscopic images "
    "of common pigmented skin lesions. Sci Data 5, 180161 (2018). doi:10.1038/sdata.2018.161. Masks: Tschandl P, "
    "Rinner C, Apalla Z et al. Human-computer collaboration for skin cancer recognition. Nat Med (2020). "
    "doi:10.1038/s41591-020-0942-0."
)


def open_ham10000(data_dir: Path | None, *, progress: Progress = silent) -> tuple[Dataset, Groups]:
    """All pairs of HAM10000, in `test`, and the lesion that each image shows.

    Without a `data_dir` they are downloaded into the home folder where they are not there yet. Raises `DataError`.
    """
    root = default_root("ham10000") if data_dir is None else data_dir.expanduser().resolve()
    if data_dir is None and not root.is_dir():
        fetch_dataset(
            published_files(),
            place=lambda path, target: _place(path, target, progress),
            check=lambda target: _scan(target)[0],
            progress=progress,
        )
    if not root.is_dir():
        raise DataError(f"{root}: no such folder", hint=published_files().manual_hint)
    return _scan(root)


def published_files() -> PublishedFiles:
    """Images, masks and the table that names each image's lesion."""
    return PublishedFiles(
        dataset="ham10000",
        urls=FILES,
        advice="unpack the zips there, and then: --dataset ham10000 --data-dir FOLDER",
    )


def _place(path: Path, target: Path, progress: Progress) -> None:
    if path.suffix == ".zip":
        unpack_all(path, target, progress)
    else:
        copy_whole(path, target / path.name)


def _scan(root: Path) -> tuple[Dataset, Groups]:
    pairs = pair_files(_files(root, "*.jpg"), _files(root, "*_segmentation.png"), shown_as=str(root))
    require_counts([len(pairs)], [COUNT], shown_as=str(root), title="HAM10000")
    table = next((path for name in TABLES for path in sorted(root.rglob(name)) if path.is_file()), None)
    if table is None:
        raise DataError(
            f"{root} has no table of lesions",
            hint=f"It is one of: {', '.join(TABLES)}, with the column {GROUP_COLUMN}.",
        )
    dataset = Dataset(
        name="ham10000", root=root, train=(), test=pairs, source=PAGE, licence="CC-BY-NC-4.0", citation=CITATION
    )
    return dataset, read_column(table, GROUP_COLUMN, [pair.image_id for pair in pairs])


def _files(root: Path, pattern: str) -> list[Path]:
    return sorted(path for path in root.rglob(pattern) if not path.name.startswith("."))
