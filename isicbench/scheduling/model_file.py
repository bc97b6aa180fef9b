"""A run's trained weights as a file."""

import os
from pathlib import Path

import torch

from isicbench.models.segmenter import Segmenter
from isicbench.models.weight_files import file_sha256
from isicbench.records import ArtifactRecord, RunRecord
from isicbench.scheduling.run_folder import MODEL, recorded_path, run_folder


def require_finite(segmenter: Segmenter) -> None:
    """Raises `ValueError` for weights that are not numbers, so that none is scored or saved."""
    for name, tensor in segmenter.state_dict().items():
        if not bool(torch.isfinite(tensor).all()):
            raise ValueError(f"the weights {name} are not finite")


def save_model(segmenter: Segmenter, run: RunRecord, *, artifacts: Path) -> ArtifactRecord:
    """Write the weights to `model.pt` in the run's folder, by temporary file and rename."""
    folder = run_folder(artifacts, run)
    folder.mkdir(parents=True, exist_ok=True)
    temporary, path = folder / f"model.{os.getpid()}.tmp", folder / MODEL
    torch.save(segmenter.state_dict(), temporary)
    sha256 = file_sha256(temporary)
    temporary.replace(path)
    return ArtifactRecord(kind="model", path=recorded_path(artifacts, path), sha256=sha256, bytes=path.stat().st_size)
