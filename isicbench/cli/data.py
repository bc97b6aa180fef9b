"""`isicbench data`: datasets on this machine."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from isicbench.cli.app import new_app
from isicbench.cli.datasets import datasets
from isicbench.cli.options import (
    Database,
    DataDir,
    DatasetName,
    GroupBy,
    Images,
    Json,
    Masks,
    Size,
    SplitFile,
    TestShare,
)

app = new_app(no_args_is_help=True)


class Split(StrEnum):
    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


@app.callback()
def data() -> None:
    """Download, import, prepare, verify, audit, compare and show datasets.

    A published dataset's folder has its own layout. One of yours has that of the ISIC 2016 challenge
    (ISBI2016_ISIC_Part1_Training_Data, ISBI2016_ISIC_Part1_Training_GroundTruth, ISBI2016_ISIC_Part1_Test_Data,
    ISBI2016_ISIC_Part1_Test_GroundTruth), or is two folders: --images and --masks.
    """


app.command("list")(datasets)


@app.command()
def prepare(
    dataset: DatasetName = "isic2016",
    data_dir: DataDir = None,
    images: Images = None,
    masks: Masks = None,
    split_file: SplitFile = None,
    test_share: TestShare = None,
    group_by: GroupBy = "",
    size: Size = 128,
) -> None:
    """Fetch a dataset where it is absent, verify it, and decode it once for training."""
    from isicbench.cli.console import notes, out, progress_bars
    from isicbench.data.catalog import open_dataset
    from isicbench.data.prepare import prepare as prepare_arrays
    from isicbench.data.split_choice import SplitChoice

    choice = SplitChoice(images=images, masks=masks, split_file=split_file, test_share=test_share, group_by=group_by)
    with progress_bars() as progress:
        opened = open_dataset(dataset, data_dir=data_dir, choice=choice, progress=progress)
        prepared = prepare_arrays(opened, size_px=size, progress=progress)
    for remark in opened.remarks:
        notes.print(remark)
    out.print(f"{dataset}: {opened.counts} images at {size} px, fingerprint {prepared.fingerprint[:12]}")


@app.command()
def verify(
    dataset: DatasetName = "isic2016",
    data_dir: DataDir = None,
    images: Images = None,
    masks: Masks = None,
    split_file: SplitFile = None,
    test_share: TestShare = None,
    group_by: GroupBy = "",
    json: Json = False,
) -> None:
    """Decode every image and mask, and name each fault by its file."""
    from isicbench.cli.console import out, print_json, progress_bars
    from isicbench.data.catalog import open_dataset
    from isicbench.data.split_choice import SplitChoice
    from isicbench.data.verify import verify as find_faults

    choice = SplitChoice(images=images, masks=masks, split_file=split_file, test_share=test_share, group_by=group_by)
    with progress_bars() as progress:
        opened = open_dataset(dataset, data_dir=data_dir, choice=choice, progress=progress)
        faults = find_faults(opened, progress=progress)
    if json:
        print_json([{"file": str(fault.file), "problem": fault.problem} for fault in faults])
    else:
        for fault in faults:
            out.print(f"{fault.file}: {fault.problem}", markup=False, soft_wrap=True)
        out.print(f"{opened.counts} pairs: {len(faults) or 'no'} faults")
    if faults:
        raise typer.Exit(3)


@app.command()
def audit(
    dataset: DatasetName = "isic2016",
    data_dir: DataDir = None,
    images: Images = None,
    masks: Masks = None,
    split_file: SplitFile = None,
    test_share: TestShare = None,
    group_by: GroupBy = "",
    against: Annotated[
        list[str],
        typer.Option("--against", metavar="FOLDER|NAME", help="Compare with another dataset as well. Repeatable."),
    ] = [],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="PNG", help="Where to draw it.  [default: audit.png, none for --json]"),
    ] = None,
    db: Database = None,
    json: Json = False,
) -> None:
    """Find copies, leaks between train and test, and masks that look wrong.

    Copies are equal files, equal pixels, or nearly equal pictures, also flipped, turned, scaled or compressed anew.
    --against takes a folder, or the name of a dataset on this machine or in the database. Ends with 3 where a
    test image is a copy of a training image, or a mask is empty, full or inverted.
    """
    from isicbench.cli.auditing import other_datasets, print_audit
    from isicbench.cli.console import notes, out, print_json, progress_bars
    from isicbench.data.audit import audit as audit_dataset
    from isicbench.data.audit_gallery import draw_audit
    from isicbench.data.audit_json import audit_to_json
    from isicbench.data.catalog import open_dataset
    from isicbench.data.split_choice import SplitChoice

    choice = SplitChoice(images=images, masks=masks, split_file=split_file, test_share=test_share, group_by=group_by)
    with progress_bars() as progress:
        opened = open_dataset(dataset, data_dir=data_dir, choice=choice, progress=progress)
        found = audit_dataset(opened, against=other_datasets(against, database=db), progress=progress)
    if json:
        print_json(audit_to_json(found, opened))
    else:
        print_audit(found, opened)
    picture = output or (None if json else Path("audit.png"))
    if picture and (drawn := draw_audit(found, picture)):
        (notes if json else out).print(f"drawn: {drawn}", markup=False, soft_wrap=True)
    if found.errors:
        raise typer.Exit(3)


@app.command()
def overlap(
    one: Annotated[str, typer.Argument(metavar="A", help="A dataset's name or folder.")],
    two: Annotated[str, typer.Argument(metavar="B", help="Another one's.")],
    db: Database = None,
    json: Json = False,
) -> None:
    """Find the images that two datasets share, and which test images of one are training images of the other.

    A dataset is a folder, the name of one on this machine, or the name or fingerprint of one in the database, of which
    only ids and hashes are known.
    """
    from isicbench.cli.auditing import named_dataset, print_overlap
    from isicbench.cli.console import print_json, progress_bars
    from isicbench.data.audit_json import overlap_to_json
    from isicbench.data.overlap import find_overlap

    with progress_bars() as progress:
        found = find_overlap(named_dataset(one, database=db), named_dataset(two, database=db), progress=progress)
    if json:
        print_json(overlap_to_json(found))
    else:
        print_overlap(found)


@app.command()
def show(
    dataset: DatasetName = "isic2016",
    data_dir: DataDir = None,
    images: Images = None,
    masks: Masks = None,
    split_file: SplitFile = None,
    test_share: TestShare = None,
    group_by: GroupBy = "",
    split: Annotated[Split, typer.Option("--split", help="Which images.")] = Split.TRAIN,
    count: Annotated[int, typer.Option("--count", metavar="N", help="How many images to draw.", min=1)] = 8,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="PNG", help="Where to draw them.")] = Path(
        "samples.png"
    ),
) -> None:
    """Draw sample images with their masks' outlines, and print the table of original sizes."""
    from rich.table import Table

    from isicbench.cli.console import out, progress_bars
    from isicbench.data.catalog import open_dataset
    from isicbench.data.gallery import draw_samples, size_table
    from isicbench.data.split_choice import SplitChoice

    choice = SplitChoice(images=images, masks=masks, split_file=split_file, test_share=test_share, group_by=group_by)
    with progress_bars() as progress:
        opened = open_dataset(dataset, data_dir=data_dir, choice=choice, progress=progress)
    table = Table("split", "width", "height", "images", box=None)
    for row in size_table(opened):
        table.add_row(row.split, str(row.width), str(row.height), str(row.count))
    out.print(table)
    out.print(f"drawn: {draw_samples(opened, output, split=split.value, count=count)}")


@app.command("import")
def import_files(
    sources: Annotated[list[Path], typer.Argument(metavar="FOLDER_OR_ZIPS...", help="A folder, or the zips.")],
    dataset: Annotated[
        str, typer.Option("--dataset", metavar="NAME", help="isic2016, isic2017 or isic2018.")
    ] = "isic2016",
) -> None:
    """Take over a challenge from a folder or from its zips that you have already."""
    from isicbench.choices import unknown
    from isicbench.cli.console import out, progress_bars
    from isicbench.data.challenge_files import import_challenge
    from isicbench.data.challenges import CHALLENGES

    if dataset not in CHALLENGES:
        raise unknown("--dataset", dataset, CHALLENGES)
    with progress_bars() as progress:
        imported = import_challenge(CHALLENGES[dataset], sources, progress=progress)
    out.print(f"{imported.name}: {imported.counts} pairs in {imported.root}")


@app.command()
def synthesize(
    folder: Annotated[Path, typer.Argument(help="A new folder.")],
    train: Annotated[int, typer.Option("--train", metavar="N", help="Training pairs.", min=2)] = 200,
    test: Annotated[int, typer.Option("--test", metavar="N", help="Test pairs.", min=1)] = 60,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Another seed gives other pictures.")] = 0,
) -> None:
    """Write synthetic dermoscopy-like pictures in the challenge's layout."""
    from isicbench.cli.console import out, progress_bars
    from isicbench.data.synthetic import write_synthetic
    from isicbench.errors import DataError

    if folder.exists() and any(folder.iterdir()):
        raise DataError(f"{folder} is not empty", hint="Name a new folder.")
    with progress_bars() as progress:
        write_synthetic(folder, train=train, test=test, seed=seed, progress=progress)
    out.print(f"{train} training and {test} test pairs in {folder}")
