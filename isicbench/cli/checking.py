"""Printing what `isicbench db check` found."""

from dataclasses import asdict
from typing import Any

from isicbench.cli.console import out
from isicbench.scheduling.database_check import DatabaseCheck


def check_to_json(found: DatabaseCheck) -> dict[str, Any]:
    return {"sound": found.is_sound, **asdict(found)}


def print_check(found: DatabaseCheck) -> None:
    """What was found, worst first, then one line for the whole."""
    for finding in sorted(found.findings, key=lambda finding: finding.level != "wrong"):
        mark = "WRONG" if finding.level == "wrong" else "note"
        out.print(f"{mark}: {finding.kind}: {finding.message}", markup=False, soft_wrap=True)
        out.print(f"  → {finding.advice}", markup=False, soft_wrap=True)
    counts = f"{found.run_count} runs, {found.file_count} files on record"
    verdict = "sound" if found.is_sound else "not sound"
    out.print(f"{found.database}: {verdict} (revision {found.revision}; {counts})", markup=False, soft_wrap=True)
