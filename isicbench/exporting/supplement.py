"""A folder to publish beside a paper: data, code version, commands, and what each file is."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from isicbench import __version__
from isicbench.exporting.repeating import command_of, places_of
from isicbench.exporting.tables import write_csv
from isicbench.models.weight_files import file_sha256
from isicbench.records import EnvironmentRecord, RunRecord
from isicbench.report.markdown import escape_markdown, write_markdown
from isicbench.store.backup import back_up
from isicbench.store.store import Store
from isicbench.store.urls import database_url, is_sqlite

CHECKSUMS = "SHA256SUMS"

README = """\
# Data, code version and commands of a comparison

Written by `isicbench export --to supplement`, isicbench {version}.

| file | what it holds |
|---|---|
| `report/report.md` | the comparison as a report, with its pictures |
| `tables/results.csv` | one row a completed run: scores on the test set, settings, machine |
| `tables/epoch_results.csv` | one row an epoch of a run |
| `tables/image_results.csv` | one row an image of an evaluation of a run |
{database}| `environments.json` | what the runs ran on: packages, Python, device, revision of the checkout |
| `requirements-N.txt` | the packages of the N-th environment, for pip |
| `commands.sh` | a command for each run, with every setting; run numbers, datasets and weights in comments |
| `{checksums}` | to check the files: `sha256sum --check {checksums}` |

Scores and shares are from 0 to 1, losses in nats, times in seconds and UTC; units stand in the columns' names. In the
tables, an apostrophe stands before a text that a spreadsheet would take for a formula.

## Runs

{runs}

## Datasets

{datasets}

## To repeat a run

Install the packages of its environment and isicbench of the same version; `environments.json` also names the revision
of the checkout that the run was started in. Then give the run's line of `commands.sh`. Variables in it, such as
`$DATA_...`, stand for files and folders that are not part of this one; their hashes are stated. The same config and
seed give the same figures on the same CPU, and nearly the same on another.
"""


def write_supplement(store: Store, runs: Sequence[RunRecord], folder: Path) -> None:
    """Fill the folder; the checksums come last and cover everything else."""
    run_ids = [run.id for run in runs]
    (folder / "tables").mkdir()
    write_csv(store, run_ids, folder / "tables")
    write_markdown(store, runs, out=folder / "report")
    if has_copy := is_sqlite(database_url(store.url)):
        back_up(database_url(store.url), folder / "results.db")
    _write_environments(store.environments(run_ids), folder)
    (folder / "commands.sh").write_text(commands(runs), encoding="utf-8")
    (folder / "README.md").write_text(_readme(store, runs, has_copy=has_copy), encoding="utf-8")
    (folder / CHECKSUMS).write_text(checksums(folder), encoding="utf-8")


def commands(runs: Sequence[RunRecord]) -> str:
    """A script that repeats every run, each once however many attempts it took."""
    by_command: dict[str, list[RunRecord]] = {}
    for run in runs:
        by_command.setdefault(command_of(run), []).append(run)
    places = {place.variable: place.what for run in runs for place in places_of(run)}
    lines = ["#!/bin/sh", "# Repeats each run; what is completed in repeated.db already is skipped.", "set -eu", ""]
    lines += [f': "${{{name}:?set it to {what}}}"' for name, what in sorted(places.items())]
    for command, members in by_command.items():
        attempts = ", ".join(f"run {run.id} ({run.status.value})" for run in members)
        config = members[0].config
        weights = f"; weights sha256 {config.weights_sha256}" if config.weights_sha256 else ""
        lines += ["", f"# {attempts}; data {config.dataset_fingerprint}{weights}", command]
    return "\n".join(lines) + "\n"


def checksums(folder: Path) -> str:
    """A line for each file beneath the folder, as `sha256sum` writes and checks them."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return "".join(f"{file_sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in files)


def _write_environments(environments: dict[int, EnvironmentRecord], folder: Path) -> None:
    """Each different one once, without the host's name, which repeats nothing."""
    run_ids: dict[str, list[int]] = {}
    for run_id, environment in environments.items():
        described = {name: value for name, value in asdict(environment).items() if name != "host"}
        run_ids.setdefault(json.dumps(described, sort_keys=True), []).append(run_id)
    listed = [{**json.loads(text), "runs": numbers} for text, numbers in run_ids.items()]
    (folder / "environments.json").write_text(json.dumps(listed, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    for number, described in enumerate(listed, start=1):
        (folder / f"requirements-{number}.txt").write_text(_requirements(described), encoding="utf-8")


def _requirements(environment: dict[str, Any]) -> str:
    """A local build such as 2.6.0+cu124 is in no index: its public version, and what it was. isicbench itself comes
    from its source."""
    lines = [f"# Python {environment['python']}, {environment['device']}, {environment['platform']}"]
    for name, version in environment["packages"].items():
        public, _, local = version.partition("+")
        if name == "isicbench":
            revision = environment["git_revision"] or "none: it was no checkout"
            lines.append(f"# isicbench {version}; revision of the folder that it ran in: {revision}")
        else:
            lines.append(f"{name}=={public}" + (f"  # was {version}" if local else ""))
    return "\n".join(lines) + "\n"


def _readme(store: Store, runs: Sequence[RunRecord], *, has_copy: bool) -> str:
    statuses = Counter(run.status.value for run in runs)
    counts = ", ".join(f"{count} {status}" for status, count in statuses.items())
    rows = [f"| {run.id} | {escape_markdown(run.experiment)} | {run.seed} | {run.status.value} |" for run in runs]
    known = store.datasets()
    fingerprints = dict.fromkeys(run.config.dataset_fingerprint for run in runs)
    datasets = [
        f"- {escape_markdown(data.name)}, {data.counts} images, licence "
        f"{escape_markdown(data.licence)}; fingerprint `{data.fingerprint}`"
        for fingerprint in fingerprints
        if (data := known.get(fingerprint))
    ]
    copy = "| `results.db` | the whole database (SQLite): other runs, small pictures of test images, host names too |\n"
    return README.format(
        version=__version__,
        checksums=CHECKSUMS,
        database=copy if has_copy else "",
        runs="\n".join([f"{counts}.", "", "| run | experiment | seed | status |", "|---:|---|---:|---|", *rows]),
        datasets="\n".join(datasets),
    )
