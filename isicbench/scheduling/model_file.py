"""A run's trained weights as a file."""

import hashlib
import io
from pathlib import Path

import torch

from isicbench.models.segmenter import Segmenter
from isicbench.records import ArtifactRecord, RunRecord
from isicbench.scheduling.durable_file import write_durably
from isicbench.scheduling.run_folder import MODEL, recorded_path, run_folder


def require_finite(segmenter: Segmenter) -> None:
    """Raises `ValueError` for weights that are not numbers, so that none is scored or saved."""
    for name, tensor in segmenter.state_dict().items():
        if not bool(torch.isfinite(tensor).all()):
            raise ValueError(f"the weights {name} are not finite")


def save_model(segmenter: Segmenter, run: RunRecord, *, artifacts: Path) -> ArtifactRecord:
    """Write the weights to `model.pt` in the run's folder, whole or not at all. Raises `OSError`."""
    path = run_folder(artifacts, run) / MODEL
    file = io.BytesIO()
    torch.save(segmenter.state_dict(), file)
    content = file.getvalue()
    write_durably(path, content)
    sha256 = hashlib.sha256(content).hexdigest()
    return ArtifactRecord(kind="model", path=recorded_path(artifacts, path), sha256=sha256, bytes=len(content))
