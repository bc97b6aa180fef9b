"""Runs that train side by side: one pass of a frozen encoder serves them all. A group of one is an ordinary run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from isicbench.config import Config
from isicbench.data.prepare import Prepared, load_prepared
from isicbench.data.splits import split_training
from isicbench.models.segmenter import Segmenter, build_segmenter
from isicbench.records import RunRecord
from isicbench.training.images import Images
from isicbench.training.placement import place_images


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What the training of one or several runs needs, on its device."""

    segmenters: Sequence[Segmenter]
    data_seed: int
    prepared: Prepared
    training: Images
    validation: Images
    frozen_state: Mapping[str, Tensor]
    """What is frozen of the encoder to the training's end, as it was before; empty where all of it is trained."""
    first_state: Mapping[str, Tensor]
    """The encoder as it was before, where it is frozen at first; else empty."""

    def frozen_tensors_changed(self) -> int:
        """How many tensors of the frozen encoder, or of its frozen part, are no longer what they were."""
        return count_changed(self.segmenters[0].encoder, self.frozen_state)

    def require_unmoved(self) -> None:
        """Raises `ValueError` where an encoder that is about to be unfrozen is not what it was."""
        if changed := count_changed(self.segmenters[0].encoder, self.first_state):
            raise ValueError(f"{changed} tensors of the encoder changed while it was frozen")


def open_group(runs: Sequence[RunRecord], *, device: torch.device) -> Group:
    """Load the images and build the networks of runs whose configs can share them."""
    first = runs[0]
    prepared = load_prepared(first.config.dataset_fingerprint, size_px=first.config.image_size_px)
    training, validation = training_images(prepared, first.config, device=device)
    segmenters = [build_segmenter(run.config, seed=run.seed) for run in runs]
    for segmenter in segmenters[1:]:
        share_encoder(segmenter, segmenters[0])
    for segmenter in segmenters:
        segmenter.to(device).to(memory_format=torch.channels_last)
    return Group(
        segmenters=segmenters,
        data_seed=first.seed if first.config.data_seed is None else first.config.data_seed,
        prepared=prepared,
        training=training,
        validation=validation,
        frozen_state=segmenters[0].encoder.frozen_state(),
        first_state=copied_state(segmenters[0].encoder) if first.config.unfreeze_at else {},
    )


def share_encoder(segmenter: Segmenter, owner: Segmenter) -> None:
    """Let one segmenter use another's encoder; raises `ValueError` where its own is not the same to the last bit."""
    if count_changed(segmenter.encoder, owner.encoder.state_dict()):
        raise ValueError("the segmenters' encoders differ")
    segmenter.encoder = owner.encoder


def training_images(prepared: Prepared, config: Config, *, device: torch.device) -> tuple[Images, Images]:
    """Training and validation images for the device, split as the config says."""
    whole = prepared.test if config.validate_on == "test" else prepared.validation
    parts = split_training(prepared.train.image_ids, config, brings_validation=whole is not None)
    training = place_images(prepared.train, index=parts.train, device=device)
    if whole is not None:
        return training, place_images(whole, device=device)
    return training, place_images(prepared.train, index=parts.validation, device=device)


def copied_state(module: nn.Module) -> dict[str, Tensor]:
    """The module's weights and buffers as they are now."""
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def count_changed(module: nn.Module, before: Mapping[str, Tensor]) -> int:
    """How many of the tensors in `before` differ from the module's, to the last bit."""
    now = module.state_dict()
    return sum(not torch.equal(now[name], tensor) for name, tensor in before.items())
