"""The datasets by name."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path

from isicbench.data import isic2016, synthetic
from isicbench.data.dataset import Dataset, Pair
from isicbench.data.layout import require_layout, scan
from isicbench.data.progress import Progress, silent
from isicbench.errors import DataError
from isicbench.home import home
from isicbench.plugins import Kind, ListedPart, find_plugin, is_plugin_name, list_plugins

DATASETS = {
    "isic2016": "The challenge's 900 training and 379 test images, downloaded where they are absent",
    "synthetic": "Drawn pictures of the challenge's sizes, for trials and tests",
    "folder": "Images of your own in the challenge's layout, named by --data-dir",
}


def open_dataset(name: str, *, data_dir: Path | None = None, progress: Progress = silent) -> Dataset:
    """Find a dataset's pairs; `isic2016` is downloaded and `synthetic` drawn where they are not there yet.

    `isic2016` in a `data_dir` of the user's is never downloaded; a plugin's is found as its package does. Raises
    `DataError`, or `ConfigError` for a plugin that is not installed or gives no dataset.
    """
    if name == "isic2016":
        return isic2016.open_isic2016(data_dir, progress=progress)
    if name == "synthetic":
        return synthetic.open_synthetic(data_dir, progress=progress)
    if name == "folder":
        return open_folder(data_dir)
    if is_plugin_name(name):
        return _open_plugin(name, data_dir, progress=progress)
    raise DataError(
        f"no dataset is named {name}",
        hint=f"Choose one of: {', '.join(DATASETS)}; those of other packages: isicbench datasets",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDataset(ListedPart):
    folder: str | None
    """Where it lies on this machine; None where it does not, or only its package knows."""


def list_datasets() -> list[ListedDataset]:
    """Built-in ones, then those of other packages, which are imported and not opened."""
    built_in = [ListedDataset(name=name, what=what, folder=_folder_of(name)) for name, what in DATASETS.items()]
    others = list_plugins(Kind.DATASET, check=lambda plugin: plugin.load())
    return [*built_in, *(ListedDataset(**asdict(part), folder=None) for part in others)]


def _folder_of(name: str) -> str | None:
    folder = home() / "datasets" / name
    return str(folder) if folder.is_dir() else None


def _open_plugin(name: str, data_dir: Path | None, *, progress: Progress) -> Dataset:
    plugin = find_plugin(Kind.DATASET, name)
    dataset = plugin.call(plugin.load(), data_dir, progress=progress)
    if not isinstance(dataset, Dataset):
        raise plugin.error(f"it returns {type(dataset).__name__}, expected isicbench.data.dataset.Dataset")
    for split, pairs in dataset.splits:
        ids = [pair.image_id for pair in pairs if isinstance(pair, Pair)]
        if not ids or len(ids) != len(pairs) or ids != sorted(ids):
            raise plugin.error(f"its {split} split is no tuple of Pair, sorted by image_id")
    return replace(dataset, name=name)


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
