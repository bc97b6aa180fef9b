"""A finished run's network as a file, checked before it is written."""

from dataclasses import dataclass, replace
from pathlib import Path

import torch

from isicbench.data.prepare import load_prepared
from isicbench.data.whole_file import require_free, write_whole
from isicbench.exporting.deployed_network import DeployedNetwork
from isicbench.exporting.model_check import ModelCheck, check_model
from isicbench.exporting.model_files import model_bytes, read_model
from isicbench.exporting.model_formats import ModelFormat
from isicbench.exporting.model_metadata import model_metadata
from isicbench.models.saved import load_segmenter
from isicbench.records import RunRecord
from isicbench.scheduling.trained_run import threshold_of, trained_config, weights_of
from isicbench.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedModel:
    path: Path
    bytes: int
    threshold: float
    check: ModelCheck


def export_model(store: Store, run: RunRecord, path: Path, *, form: ModelFormat, force: bool = False) -> ExportedModel:
    """Write the run's network to `path`, whole or not at all, after a comparison on the run's test images.

    Raises `ConfigError` for a run without a network, `WeightsError` or `DataError` where weights or test images are not
    here, `ExportError` where the format cannot hold the network or computes something else.
    """
    path = path.expanduser()
    if not force:
        require_free(path)
    config = replace(trained_config(run), frozen=False, precision="fp32")
    weights, sha256 = weights_of(store, run)
    segmenter = load_segmenter(config, weights, sha256=sha256, device=torch.device("cpu"))
    test = load_prepared(config.dataset_fingerprint, size_px=config.image_size_px).test
    threshold = threshold_of(store, run, asked=None)
    network = DeployedNetwork(segmenter, size_px=config.image_size_px)
    metadata = model_metadata(run, network, threshold=threshold, weights_sha256=sha256)
    content = model_bytes(network, metadata, form=form)
    check = check_model(read_model(content, form=form), segmenter, test, threshold=threshold)
    check.require()
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content)
    return ExportedModel(path=path, bytes=len(content), threshold=threshold, check=check)
