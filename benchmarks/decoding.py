"""What decoding JPEGs at a part of their size changes. Run: python -m benchmarks.decoding --data-dir FOLDER

Trains one network on the folder's training images as isicbench prepares them, then scores the test images decoded as
isicbench does and decoded in full. Prints the arrays' mean absolute difference in grey values of 255, and both scores.
"""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from isicbench.config import Config
from isicbench.data.catalog import open_folder
from isicbench.data.dataset import Dataset
from isicbench.data.images import read_full_image
from isicbench.data.prepare import prepare
from isicbench.evaluation.metrics import dice, iou
from isicbench.models.segmenter import build_segmenter
from isicbench.models.weight_files import find_weights
from isicbench.training.images import ResidentImages
from isicbench.training.inference import measure
from isicbench.training.loop import train

CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Of scaled decoding, against full decoding of the same files."""

    mean_difference: float
    """Of 255 grey values, over all test images; `worst_difference` is that of the image that differs most."""
    worst_difference: float
    iou: tuple[float, float]
    """Scaled and full."""
    dice: tuple[float, float]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.decoding", description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--weights", default="random")
    parser.add_argument("--epochs", type=int, default=10)
    arguments = parser.parse_args()
    weights = find_weights(arguments.weights)
    config = Config(
        weights=weights.name,
        weights_sha256=weights.sha256,
        frozen=False,
        epochs=arguments.epochs,
        batch_size=8,
        image_size_px=128,
    )
    effect = measure_effect(open_folder(arguments.data_dir), config)
    print(f"difference: {effect.mean_difference:.3f} on average, {effect.worst_difference:.3f} in the worst image")
    for name in ("iou", "dice"):
        scaled, full = getattr(effect, name)
        print(f"{name}: {scaled:.4f} scaled, {full:.4f} full, difference {scaled - full:+.4f}")


def measure_effect(dataset: Dataset, config: Config) -> Effect:
    """Train with `config` (its seed is 0), and score the test images both ways at the threshold."""
    prepared = prepare(dataset, size_px=config.image_size_px)
    training, scaled = (ResidentImages.of(split, device=CPU) for split in (prepared.train, prepared.test))
    full = replace(scaled, images=torch.from_numpy(decode_in_full(dataset, size_px=config.image_size_px)))
    segmenter = build_segmenter(config, seed=0).to(memory_format=torch.channels_last)
    for _ in train(segmenter, config, seed=0, training=training, validation=training):
        pass
    found = [measure(segmenter, images, threshold=config.threshold).confusion for images in (scaled, full)]
    differences = (scaled.images.float() - full.images.float()).abs().mean((1, 2, 3))
    return Effect(
        mean_difference=float(differences.mean()),
        worst_difference=float(differences.max()),
        iou=(float(iou(found[0]).mean()), float(iou(found[1]).mean())),
        dice=(float(dice(found[0]).mean()), float(dice(found[1]).mean())),
    )


def decode_in_full(dataset: Dataset, *, size_px: int) -> NDArray[np.uint8]:
    """`(N, size_px, size_px, 3)`: the test images, decoded at their own size and then resized in one step."""
    size = (size_px, size_px)
    pictures = [Image.fromarray(read_full_image(pair.image)) for pair in dataset.test]
    return np.stack([np.asarray(picture.resize(size, Image.Resampling.BILINEAR)) for picture in pictures])


if __name__ == "__main__":
    main()
