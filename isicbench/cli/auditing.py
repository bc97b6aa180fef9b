"""What `isicbench data audit` and `overlap` find to compare with, and what they print."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from rich.table import Table

from isicbench.cli.console import out
from isicbench.data.audit import Audit, Finding, sameness
from isicbench.data.catalog import DATASETS, open_dataset, open_found
from isicbench.data.dataset import Dataset
from isicbench.data.other_datasets import OtherDataset
from isicbench.data.overlap import Overlap, SharedSplit
from isicbench.data.published_files import default_root
from isicbench.errors import DataError
from isicbench.store.store import open_store

FINDINGS_SHOWN = 10
SIZES_SHOWN = 5
BARS = " ▁▂▃▄▅▆▇█"


def other_datasets(choices: Sequence[str], *, database: str | None) -> list[OtherDataset]:
    """What `--against` names, as `named_dataset` finds it."""
    return [named_dataset(choice, database=database, option="--against ") for choice in choices]


def named_dataset(choice: str, *, database: str | None, option: str = "") -> OtherDataset:
    """A folder in a known layout, a dataset on this machine by its name, or one that the database knows, by its name or
    fingerprint. Raises `DataError` for none of these."""
    if (path := Path(choice)).is_dir():
        return OtherDataset(name=path.resolve().name, dataset=open_found(path))
    if choice in DATASETS and default_root(choice).is_dir():
        return OtherDataset(name=choice, dataset=open_dataset(choice))
    return _on_record(choice, database, option)


def _on_record(choice: str, database: str | None, option: str) -> OtherDataset:
    hint = (
        "Name a folder in a known layout, a dataset that isicbench data list finds here, or one that a run in the "
        "database was trained on (--db)."
    )
    store = open_store(database, create=False)
    known = [record for record in store.datasets().values() if record.name == choice]
    known += [record for digest, record in store.datasets().items() if len(choice) >= 8 and digest.startswith(choice)]
    if not known:
        raise DataError(
            f"{option}{choice}: neither a folder nor a dataset on this machine or in {store.url_shown}", hint=hint
        )
    images = tuple(image for record in known for image in store.dataset_images(record.fingerprint))
    if not images:
        raise DataError(f"{option}{choice}: {store.url_shown} has no images of it on record", hint=hint)
    return OtherDataset(name=choice, images=images)


def print_overlap(overlap: Overlap) -> None:
    """How many images each pair of splits shares, the first of them, and which test images were training images."""
    out.print(
        f"{overlap.name}: {_counted(overlap.image_count, 'image')}; "
        f"{overlap.other_name}: {_counted(overlap.other_image_count, 'image')}",
        markup=False,
    )
    table = Table(f"split of {overlap.name}", f"split of {overlap.other_name}", "images in both", "of", box=None)
    for shared in overlap.shared:
        table.add_row(shared.split, shared.other_split, str(shared.count), str(shared.total))
    if overlap.shared:
        out.print(table)
    for kind, group in groupby(sorted(overlap.duplicates, key=lambda one: one.same), key=lambda one: one.same):
        found = list(group)
        out.print(f"\n{kind} ({len(found)})", style="bold yellow", markup=False)
        for one in found[:FINDINGS_SHOWN]:
            out.print(f"  {one.image}: {sameness(one)}", markup=False, soft_wrap=True)
        if len(found) > FINDINGS_SHOWN:
            out.print(f"  and {len(found) - FINDINGS_SHOWN} more")
    out.print(f"\n{_verdict(overlap)}", markup=False)


def _verdict(overlap: Overlap) -> str:
    if not overlap.shared:
        return "No image is in both."
    trained = {("test", "train"), ("train", "test")}
    torn = [one for one in overlap.shared if (one.split, one.other_split) in trained]
    if not torn:
        return "No test image of one is a training image of the other."
    return " ".join(_shared_sentence(one, overlap) for one in torn)


def _shared_sentence(shared: SharedSplit, overlap: Overlap) -> str:
    """`59 test images of isic2016 are training images of isic2018.`"""
    adjective = {"train": "training"}
    first, second = (adjective.get(split, split) for split in (shared.split, shared.other_split))
    are = f"is a {second} image" if shared.count == 1 else f"are {second} images"
    return f"{_counted(shared.count, f'{first} image')} of {overlap.name} {are} of {overlap.other_name}."


def print_audit(audit: Audit, dataset: Dataset) -> None:
    """Counts, sizes, lesion areas, then the findings by kind, errors first."""
    out.print(f"{dataset.name}: {dataset.counts} images", markup=False)
    for name, count in audit.compared:
        out.print(f"compared with {name}: {count} images", markup=False)
    out.print()
    out.print(_sizes(audit))
    out.print()
    out.print(_areas(audit))
    for heading, group in groupby(audit.findings, key=_heading):
        _print_group(heading, list(group))
    warnings = len(audit.findings) - len(audit.errors)
    out.print(f"\n{_counted(len(audit.errors), 'error')}, {_counted(warnings, 'warning')}")


def _heading(finding: Finding) -> str:
    there = f" in {finding.other_dataset}" if finding.other_dataset else ""
    return f"{finding.level}: {finding.kind}{there}"


def _print_group(heading: str, findings: Sequence[Finding]) -> None:
    style = "bold red" if findings[0].level == "error" else "bold yellow"
    out.print()
    out.print(f"{heading} ({len(findings)})", style=style, markup=False)
    for finding in findings[:FINDINGS_SHOWN]:
        out.print(f"  {finding.image}: {finding.message}", markup=False, soft_wrap=True)
    if len(findings) > FINDINGS_SHOWN:
        out.print(f"  and {len(findings) - FINDINGS_SHOWN} more")


def _sizes(audit: Audit) -> Table:
    table = Table("split", "width", "height", "images", box=None)
    for split, group in groupby(audit.sizes, key=lambda size: size.split):
        sizes = list(group)
        for size in sizes[:SIZES_SHOWN]:
            table.add_row(split, str(size.width), str(size.height), str(size.count))
        if rest := sizes[SIZES_SHOWN:]:
            table.add_row(split, f"{len(rest)} more", "", str(sum(size.count for size in rest)))
    return table


def _areas(audit: Audit) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column("area, %")
    for heading in ("mean", "min", "5 %", "25 %", "median", "75 %", "95 %", "max"):
        table.add_column(heading, justify="right")
    table.add_column("0 to 100 %", no_wrap=True)
    for area in audit.areas:
        shares = (f"{100 * share:.1f}" for share in (area.mean, *area.quantiles))
        table.add_row(area.split, *shares, _bars(area.histogram))
    return table


def _bars(counts: Sequence[int]) -> str:
    """A bar a bin; the lowest bar stands for a single lesion as well."""
    highest = max(counts)
    return "".join(BARS[-(-count * (len(BARS) - 1) // highest)] for count in counts)


def _counted(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
