"""Segmenters that a run has saved."""

from dataclasses import replace
from pathlib import Path

import torch

from isicbench.config import Config
from isicbench.errors import WeightsError
from isicbench.models.segmenter import Segmenter, build_segmenter
from isicbench.models.weight_files import file_sha256


def load_segmenter(config: Config, path: Path, *, sha256: str, device: torch.device) -> Segmenter:
    """The trained segmenter in a run's `model.pt`, in evaluation mode.

    Raises `WeightsError` where the file is absent or not the one that was recorded.
    """
    if not path.is_file():
        raise WeightsError(f"{path}: the run's weights are not there", hint="Train it again: isicbench run --force")
    if file_sha256(path) != sha256:
        raise WeightsError(
            f"{path}: not the weights that the run saved (another SHA-256)",
            hint="Train it again: isicbench run --force",
        )
    # The encoder's first weights are in the file, trained on: no need to have them here, nor to freeze what is trained.
    segmenter = build_segmenter(replace(config, weights="random", weights_sha256="", freeze_until=0), seed=0)
    segmenter.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return segmenter.to(device).to(memory_format=torch.channels_last).eval()
