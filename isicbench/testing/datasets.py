"""What every dataset promises."""

from pathlib import Path

from isicbench.data.catalog import open_dataset
from isicbench.data.fingerprint import fingerprint
from isicbench.data.verify import verify
from isicbench.testing.promises import require


def check_dataset(name: str, *, data_dir: Path | None = None) -> None:
    """Check a dataset, by the name that `--dataset` takes: it opens twice alike, with pairs that can be read."""
    dataset = open_dataset(name, data_dir=data_dir)
    for split, pairs in dataset.splits:
        require(bool(pairs), f"there is a {split} split")
        ids = [pair.image_id for pair in pairs]
        require(ids == sorted(set(ids)), f"the {split} pairs are sorted by id, each once")
    shared = {pair.image_id for pair in dataset.train} & {pair.image_id for pair in dataset.test}
    require(not shared, f"no image is in both splits, but {sorted(shared)[:3]}")
    require(bool(dataset.source and dataset.licence), "source and licence are stated")
    faults = [f"{fault.file}: {fault.problem}" for fault in verify(dataset)]
    require(not faults, f"images and masks are sound: {faults[:3]}")
    again = open_dataset(name, data_dir=data_dir)
    require(again == dataset and fingerprint(again) == fingerprint(dataset), "it opens a second time as the first")
