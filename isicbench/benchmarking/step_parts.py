"""Where the time of one step of the training loop goes, piece by piece."""

from functools import partial

import torch

from isicbench.benchmarking.inputs import Inputs
from isicbench.benchmarking.measurement import Part, Work, measure_part
from isicbench.config import Config
from isicbench.models.segmenter import build_segmenter
from isicbench.training.augmentation import flip
from isicbench.training.batches import plan_epoch
from isicbench.training.colours import ColourStatistics
from isicbench.training.images import ColourTransform, ResidentImages
from isicbench.training.learners import Decoders, WholeNetwork
from isicbench.training.loss import Targets, upsampled_bce

GATHER, AUGMENT = "gather", "augment"
ENCODER, DECODER = "encoder", "decoder, forward and backward"
NETWORK = "network, forward and backward"
OPTIMISER = "optimiser"


def measure_step(inputs: Inputs, *, frozen: bool) -> Part:
    """A batch's way through the loop, as `isicbench.training.loop` takes it, one piece after the other."""
    data = ResidentImages.of(inputs.prepared.train, device=inputs.device)
    return measure_part(
        f"step, {'frozen' if frozen else 'fine-tuned'}",
        _batch_pieces(data, inputs) | _learning_pieces(data, inputs, frozen=frozen),
        images=min(len(data), inputs.batch_size),
        rounds=inputs.rounds,
        device=inputs.device,
        compared={},
    )


def _batch_pieces(data: ResidentImages, inputs: Inputs) -> Work:
    config = _config(inputs, frozen=True)
    plan = plan_epoch(
        config, ColourStatistics.of(data), generator=torch.Generator().manual_seed(0), device=inputs.device
    )
    rows, draws = plan[0].rows.to(inputs.device), plan[0].draws
    images, masks = data.images[rows], data.masks[rows]
    colours = ColourTransform(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225), device=inputs.device)
    return {
        GATHER: lambda: (data.images[rows], data.masks[rows]),
        AUGMENT: lambda: (
            colours.jitter(flip(images, draws.flips), draws.matrices, draws.offsets),
            flip(masks, draws.flips),
        ),
    }


def _learning_pieces(data: ResidentImages, inputs: Inputs, *, frozen: bool) -> Work:
    config = _config(inputs, frozen=frozen)
    segmenter = build_segmenter(config, seed=0).to(inputs.device).to(memory_format=torch.channels_last).train()
    masks = data.masks[: inputs.batch_size]
    colours = ColourTransform(mean=segmenter.encoder.mean, std=segmenter.encoder.std, device=inputs.device)
    images = colours.normalise(data.images[: inputs.batch_size])
    if not frozen:
        network = WholeNetwork(segmenter, config)
        network.step(images, masks)

        def descend() -> None:
            grid = network.grid(images)
            torch.autograd.backward(upsampled_bce(grid, Targets.of(masks, grid.shape[-2:])))

        return {NETWORK: descend, OPTIMISER: network.optimiser.step}
    decoders = Decoders([segmenter], learning_rates=[config.learning_rate])
    with torch.no_grad():
        features = decoders.encoder(images)
    decoders.step_on_features(features, masks)
    return {
        ENCODER: torch.no_grad()(partial(decoders.encoder, images)),
        DECODER: partial(decoders.losses, features, masks),
        OPTIMISER: decoders.optimiser.step,
    }


def _config(inputs: Inputs, *, frozen: bool) -> Config:
    return Config(
        weights="random",
        frozen=frozen,
        learning_rate=1e-4,
        batch_size=inputs.batch_size,
        image_size_px=inputs.size_px,
    )
