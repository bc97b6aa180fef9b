"""What `isicbench data audit` finds to compare with, and what it prints."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from rich.table import Table

from isicbench.cli.console import out
from isicbench.data.audit import Audit, Finding, OtherDataset
from isicbench.data.catalog import open_dataset
from isicbench.data.dataset import Dataset
from isicbench.errors import DataError
from isicbench.store.store import open_store

FINDINGS_SHOWN = 10
SIZES_SHOWN = 5
BARS = " ▁▂▃▄▅▆▇█"


def other_datasets(choices: Sequence[str], *, database: str | None) -> list[OtherDataset]:
    """A folder in the challenge's layout, or the name or fingerprint of a dataset that the database knows."""
    return [_folder(Path(choice)) if Path(choice).is_dir() else _on_record(choice, database) for choice in choices]


def _folder(path: Path) -> OtherDataset:
    return OtherDataset(name=path.resolve().name, dataset=open_dataset("folder", data_dir=path))


def _on_record(choice: str, database: str | None) -> OtherDataset:
    hint = "Name a folder in the challenge's layout, or a dataset that a run in the database was trained on (--db)."
    store = open_store(database, create=False)
    known = [record for record in store.datasets().values() if record.name == choice]
    known += [record for digest, record in store.datasets().items() if len(choice) >= 8 and digest.startswith(choice)]
    if not known:
        raise DataError(f"--against {choice}: neither a folder nor a dataset in {store.url_shown}", hint=hint)
    images = tuple(image for record in known for image in store.dataset_images(record.fingerprint))
    if not images:
        raise DataError(f"--against {choice}: {store.url_shown} has no images of it on record", hint=hint)
    return OtherDataset(name=choice, images=images)


def print_audit(audit: Audit, dataset: Dataset) -> None:
    """Counts, sizes, lesion areas, then the findings by kind, errors first."""
    out.print(f"{dataset.name}: {len(dataset.train)} training and {len(dataset.test)} test images", markup=False)
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
