"""Where a run keeps its files."""

from pathlib import Path

from isicbench.records import RunRecord


def run_folder(artifacts: Path, run: RunRecord) -> Path:
    """The run's own folder under the store's; the uid keeps the runs of two databases apart."""
    return artifacts / f"{run.id:05d}-{run.uid[:8]}"


def log_path(artifacts: Path, run: RunRecord) -> Path:
    return run_folder(artifacts, run) / "worker.log"


def recorded_path(artifacts: Path, path: Path) -> str:
    """How the database names a file of a run: relative to the database's own folder, so that both may move together."""
    return path.relative_to(artifacts.parent).as_posix()
