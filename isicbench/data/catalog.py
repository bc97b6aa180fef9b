"""The datasets by name."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path

from isicbench.data import ham10000, ph2, synthetic
from isicbench.data.challenge_files import open_challenge, scan_challenge
from isicbench.data.challenges import CHALLENGES, ISIC2016
from isicbench.data.dataset import Dataset, Pair
from isicbench.data.layout import has_layout, require_layout, scan
from isicbench.data.pairing import pair_folders
from isicbench.data.progress import Progress, silent
from isicbench.data.published_files import default_root
from isicbench.data.split_choice import SplitChoice
from isicbench.data.splitting import USUAL_TEST_SHARE, USUAL_VALIDATION_SHARE, Groups, grouped, groups_of, split_pairs
from isicbench.errors import ConfigError, DataError
from isicbench.plugins import Kind, ListedPart, find_plugin, is_plugin_name, list_plugins

DATASETS = {
    **{name: f"{challenge.title}, downloaded where it is absent" for name, challenge in CHALLENGES.items()},
    "ph2": "200 images of PH2, which its authors give on request",
    "ham10000": "HAM10000 with its lesion masks, downloaded where it is absent",
    "synthetic": "Drawn pictures of the challenge's sizes, for trials and tests",
    "folder": "Images of your own, named by --data-dir, or by --images and --masks",
}
NO_CHOICE = SplitChoice()
OWN_LICENCE = "as stated by the folder's owner"


def open_dataset(
    name: str,
    *,
    data_dir: Path | None = None,
    choice: SplitChoice = NO_CHOICE,
    validation_share: float | None = USUAL_VALIDATION_SHARE,
    progress: Progress = silent,
) -> Dataset:
    """Find a dataset's pairs; published ones are downloaded and `synthetic` drawn where they are not there yet.

    A published dataset in a `data_dir` of the user's is never downloaded; a plugin's is found as its package does. The
    `choice` splits what has no split of its own. Groups that it names are held out whole for validation, with
    `validation_share` (None: none is wanted). Raises `DataError` or `ConfigError`.
    """
    if name not in DATASETS and not is_plugin_name(name):
        raise DataError(
            f"no dataset is named {name}",
            hint=f"Choose one of: {', '.join(DATASETS)}; those of other packages: isicbench datasets",
        )
    if choice.images is not None and (name != "folder" or data_dir is not None):
        raise ConfigError("--images and --masks are the whole dataset", hint="Use them with --dataset folder alone.")
    unsplit = _unsplit(name, data_dir, choice, progress)
    if unsplit is not None:
        dataset, share, groups = unsplit
        return split_pairs(
            dataset, choice, usual_test_share=share, usual_groups=groups, validation_share=validation_share
        )
    dataset = _open_split(name, data_dir, progress)
    if choice.splits:
        raise ConfigError(
            f"{_title(name)} has a split of its own: --split-file and --test-share do not apply",
            hint="To split its images in another way: --dataset folder --images DIR --masks DIR",
        )
    every = tuple(pair for _, pairs in dataset.splits for pair in pairs)
    return grouped(dataset, groups_of(every, choice), validation_share=validation_share)


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
    folder = default_root(name)
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
        raise DataError(
            "--dataset folder needs a folder",
            hint="Name it: --dataset folder --data-dir FOLDER, or --images DIR --masks DIR",
        )
    root = root.expanduser().resolve()
    require_layout(root, hint="See: isicbench data --help (the challenge's layout of four folders)")
    train, test = scan(root)
    return Dataset(
        name="folder",
        root=root,
        train=train,
        test=test,
        source=str(root),
        licence=OWN_LICENCE,
        citation="",
        remarks=_count_remarks(len(train), len(test)),
    )


def open_found(root: Path) -> Dataset:
    """Whatever dataset lies in a folder: in a challenge's layout or as PH2, however many pairs. Raises `DataError`."""
    root = root.expanduser().resolve()
    for challenge in CHALLENGES.values():
        if challenge is not ISIC2016 and has_layout(root, challenge.folders):
            return scan_challenge(challenge, root)
    if not has_layout(root) and (folder := ph2.images_folder(root)):
        return ph2.scan_ph2(root, folder)
    return open_folder(root)


def _open_split(name: str, data_dir: Path | None, progress: Progress) -> Dataset:
    if name in CHALLENGES:
        return open_challenge(CHALLENGES[name], data_dir, progress=progress)
    if name == "synthetic":
        return synthetic.open_synthetic(data_dir, progress=progress)
    if is_plugin_name(name):
        return _open_plugin(name, data_dir, progress=progress)
    return open_folder(data_dir)


def _unsplit(
    name: str, data_dir: Path | None, choice: SplitChoice, progress: Progress
) -> tuple[Dataset, float, Groups | None] | None:
    """A dataset without a split, its usual share of test images and its groups; None where it has one."""
    if name == "ph2":
        return ph2.open_ph2(data_dir), 1.0, None
    if name == "ham10000":
        dataset, groups = ham10000.open_ham10000(data_dir, progress=progress)
        return dataset, USUAL_TEST_SHARE, groups
    if choice.images is not None and choice.masks is not None:
        return _open_pairs(choice.images, choice.masks), USUAL_TEST_SHARE, None
    return None


def _open_pairs(images: Path, masks: Path) -> Dataset:
    images, masks = images.expanduser().resolve(), masks.expanduser().resolve()
    return Dataset(
        name="folder",
        root=images,
        train=(),
        test=pair_folders(images, masks),
        source=str(images),
        licence=OWN_LICENCE,
        citation="",
    )


def _title(name: str) -> str:
    return CHALLENGES[name].title if name in CHALLENGES else f"--dataset {name}"


def _count_remarks(train: int, test: int) -> tuple[str, ...]:
    if (train, test) == ISIC2016.counts:
        return ()
    expected = "{} and {}".format(*ISIC2016.counts)
    return (
        f"This folder has {train} training and {test} test pairs, ISIC 2016 has {expected}: not the challenge's data.",
    )
