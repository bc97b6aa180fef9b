"""The datasets by name."""

from pathlib import Path

from isicbench.data import isic2016, synthetic
from isicbench.data.dataset import Dataset
from isicbench.data.layout import require_layout, scan
from isicbench.data.progress import Progress, silent
from isicbench.errors import DataError

DATASETS = ("isic2016", "synthetic", "folder")


def open_dataset(name: str, *, data_dir: Path | None = None, progress: Progress = silent) -> Dataset:
    """Find a dataset's pairs; `isic2016` is downloaded and `synthetic` drawn where they are not there yet.

    `isic2016` in a `data_dir` of the user's is never downloaded. Raises `DataError`.
    """
    if name == "isic2016":
        return isic2016.open_isic2016(data_dir, progress=progress)
    if name == "synthetic":
        return synthetic.open_synthetic(data_dir, progress=progress)
    if name == "folder":
        return open_folder(data_dir)
    raise DataError(f"no dataset is named {name}", hint=f"Choose one of: {', '.join(DATASETS)}")


def open_folder(root: Path | None) -> Dataset:
    """Pairs of the user's own in the challenge's layout, whatever their count."""
    if root is None:
        raise DataError("--dataset folder needs a folder", hint="Name it: --dataset folder --data-dir FOLDER")
    root = root.expanduser().resolve()
    require_layout(root, hint="See: isicbench data --help (the challenge's layout of four folders)")
    train, test = scan(root)
    return Dataset(
        name="folder",
        root=root,
        train=train,
        test=test,
        source=str(root),
        licence="as stated by the folder's owner",
        citation="",
        remarks=_count_remarks(len(train), len(test)),
    )


def _count_remarks(train: int, test: int) -> tuple[str, ...]:
    if (train, test) == isic2016.COUNTS:
        return ()
    expected = "{} and {}".format(*isic2016.COUNTS)
    return (
        f"This folder has {train} training and {test} test pairs, ISIC 2016 has {expected}: not the challenge's data.",
    )
