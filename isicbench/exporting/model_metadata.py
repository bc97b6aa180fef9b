"""What an exported network's file says of itself."""

import json

from isicbench import __version__
from isicbench.exporting.deployed_network import INPUT, OUTPUT, DeployedNetwork
from isicbench.records import RunRecord
from isicbench.report.wording import printable

CLASSES = ("background", "lesion")


def model_metadata(
    run: RunRecord, network: DeployedNetwork, *, threshold: float, weights_sha256: str
) -> dict[str, str]:
    """By name: where the network comes from, what it takes, what it gives. Lists and objects are JSON."""
    config = run.config
    side = config.image_size_px
    normalisation = {"mean": network.mean.flatten().tolist(), "std": network.std.flatten().tolist(), "inside": True}
    return {
        "producer": f"isicbench {__version__}",
        "run": str(run.id),
        "run_uid": run.uid,
        "experiment": printable(run.experiment),
        "seed": str(run.seed),
        "config_hash": config.config_hash,
        "config": json.dumps(config.to_dict()),
        "encoder": config.encoder,
        "decoder": config.decoder,
        "weights_sha256": weights_sha256,
        "dataset": config.dataset,
        "dataset_fingerprint": config.dataset_fingerprint,
        "classes": json.dumps(CLASSES),
        "threshold": f"{threshold:g}",
        "input_size_px": str(side),
        "input": f"{INPUT}: (N, 3, {side}, {side}) float32, RGB from 0 to 1, stretched to the square",
        "output": f"{OUTPUT}: (N, 1, {side}, {side}) float32; lesion where the sigmoid is above the threshold",
        "normalisation": json.dumps(normalisation),
        "intended_use": "research and teaching; no medical device, no diagnosis",
    }
