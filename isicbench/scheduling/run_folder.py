"""Where a run keeps its files."""

from pathlib import Path

from isicbench.records import RunRecord

LOG = "worker.log"
MODEL = "model.pt"
COSTS = "costs.json"
CHECKPOINTS = "checkpoint-*.pt"
TEMPORARY = "*.tmp"


def run_folder(artifacts: Path, run: RunRecord) -> Path:
    """The run's own folder under the store's; the uid keeps the runs of two databases apart."""
    return artifacts / folder_name(run.id, run.uid)


def folder_name(run_id: int, uid: str) -> str:
    return f"{run_id:05d}-{uid[:8]}"


def log_path(artifacts: Path, run: RunRecord) -> Path:
    return run_folder(artifacts, run) / LOG


def recorded_path(artifacts: Path, path: Path) -> str:
    """How the database names a file of a run: relative to the database's own folder, so that both may move together."""
    return path.relative_to(artifacts.parent).as_posix()
