"""What takes a step of gradient descent: a whole network, or the decoders of several runs on one frozen encoder."""

import math
from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from isicbench.config import Config
from isicbench.models.convolution import feature_tiles
from isicbench.models.segmenter import Segmenter
from isicbench.training.figures import StepFigures
from isicbench.training.images import slices
from isicbench.training.loss import Targets, upsampled_bce
from isicbench.training.losses import loss_of
from isicbench.training.optimisers import fused_adam, optimiser_for
from isicbench.training.schedule import rate_share
from isicbench.training.state import LearnerState, learner_state, restore_learner


class Learner(Protocol):
    """One or several runs that see the same batches."""

    def begin_step(self, *, done: int, steps: int) -> None:
        """Make ready for the step after `done` of all `steps` of the training."""

    def step(self, images: Tensor, masks: Tensor) -> StepFigures:
        """Descend once, on `(B, 3, H, W)` normalised images and `(B, H, W)` uint8 masks."""

    def forget_gradients(self) -> None:
        """Let the next step make tensors of its own for them."""

    def state(self, run: int) -> LearnerState:
        """A copy of the weights that this run trains, and of the optimiser's moments; waits for the device."""

    def restore(self, run: int, state: LearnerState) -> None:
        """Go on from there."""


def learner_for(segmenters: Sequence[Segmenter], configs: Sequence[Config]) -> Learner:
    """The study's frozen runs train their decoders together; every other one trains alone."""
    if all(config.frozen and config.is_plain for config in configs):
        return Decoders(segmenters, learning_rates=[config.learning_rate for config in configs])
    (segmenter,), (config,) = segmenters, configs
    return WholeNetwork(segmenter, config)


class WholeNetwork:
    """All layers of one segmenter that are to be trained."""

    def __init__(self, segmenter: Segmenter, config: Config) -> None:
        self.segmenter = segmenter
        self.config = config
        self.parameters = segmenter.trainable_parameters()
        self.optimiser = optimiser_for(segmenter, config)
        self.rates = [group["lr"] for group in self.optimiser.param_groups]
        self.loss = loss_of(config.loss)
        self.grid = torch.compile(segmenter.grid) if config.compile else segmenter.grid

    def begin_step(self, *, done: int, steps: int) -> None:
        if self.config.schedule != "constant" or self.config.warmup_epochs:
            share = rate_share(self.config, done=done, steps=steps)
            for group, rate in zip(self.optimiser.param_groups, self.rates, strict=True):
                group["lr"] = rate * share

    def step(self, images: Tensor, masks: Tensor) -> StepFigures:
        self.forget_gradients()
        losses = []
        for part in slices(len(images), math.ceil(len(images) / self.config.batch_parts)):
            share = len(images[part]) / len(images)
            loss = self.loss(self.grid(images[part]), masks[part]) * share
            torch.autograd.backward(loss)
            losses.append(loss.detach())
        norm = _norm(self.parameters)
        if self.config.clip_norm:
            _shorten(self.parameters, norm, self.config.clip_norm)
        self.optimiser.step()
        return StepFigures(torch.stack(losses).sum()[None], norm[None])

    def forget_gradients(self) -> None:
        self.optimiser.zero_grad(set_to_none=True)

    def state(self, run: int) -> LearnerState:
        return learner_state(self.segmenter, self.parameters, self.optimiser)

    def restore(self, run: int, state: LearnerState) -> None:
        restore_learner(state, self.segmenter, self.parameters, self.optimiser)


class Decoders:
    """The decoders of R segmenters that share one frozen encoder: one pass of it serves them all."""

    def __init__(self, segmenters: Sequence[Segmenter], *, learning_rates: Sequence[float]) -> None:
        self.encoder = segmenters[0].encoder
        self.decoders = [segmenter.decoder.to(memory_format=torch.channels_last) for segmenter in segmenters]
        self.owned = [list(decoder.parameters()) for decoder in self.decoders]
        self.stored = [[_as_stored(parameter.data) for parameter in owned] for owned in self.owned]
        self.optimiser = fused_adam(_by_rate(self.stored, learning_rates))

    def begin_step(self, *, done: int, steps: int) -> None:
        """Their rate is constant."""

    def step(self, images: Tensor, masks: Tensor) -> StepFigures:
        with torch.no_grad():
            features = self.encoder(images)
        return self.step_on_features(features, masks)

    def step_on_features(self, features: Tensor, masks: Tensor) -> StepFigures:
        """Descend once on `(B, C, h, w)` features."""
        self.forget_gradients()
        losses = self.losses(features, masks)
        for owned, stored in zip(self.owned, self.stored, strict=True):
            for parameter, tensor in zip(owned, stored, strict=True):
                tensor.grad = None if parameter.grad is None else _as_stored(parameter.grad)
        norms = [_norm(stored) for stored in self.stored]
        self.optimiser.step()
        return StepFigures(torch.stack(losses), torch.stack(norms))

    def losses(self, features: Tensor, masks: Tensor) -> list[Tensor]:
        """Each run's loss, whose gradients its parameters then have.

        One run after the other, so that a run's weights stay in the cache from its forward to its backward pass, and
        what it learns does not depend on the others.
        """
        tiles, targets = feature_tiles(features), Targets.of(masks, features.shape[-2:])
        losses = []
        for decoder in self.decoders:
            loss = upsampled_bce(decoder(features, tiles=tiles)[:, 0], targets)
            torch.autograd.backward(loss)
            losses.append(loss.detach())
        return losses

    def forget_gradients(self) -> None:
        self.optimiser.zero_grad(set_to_none=True)
        for decoder in self.decoders:
            decoder.zero_grad(set_to_none=True)

    def state(self, run: int) -> LearnerState:
        return learner_state(self.decoders[run], self.stored[run], self.optimiser)

    def restore(self, run: int, state: LearnerState) -> None:
        restore_learner(state, self.decoders[run], self.stored[run], self.optimiser)


def _as_stored(tensor: Tensor) -> Tensor:
    """A view in the order of memory: Adam copies whatever lies in another."""
    return tensor.permute(0, 2, 3, 1) if tensor.dim() == 4 else tensor


def _norm(parameters: Sequence[Tensor]) -> Tensor:
    """The Euclidean norm of all gradients together; stays on the device."""
    norms = torch._foreach_norm([parameter.grad for parameter in parameters if parameter.grad is not None])
    total: Tensor = torch.linalg.vector_norm(torch.stack(norms))
    return total


def _shorten(parameters: Sequence[Tensor], norm: Tensor, longest: float) -> None:
    """Scale all gradients so that their norm is at most `longest`; nothing waits for the device."""
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    torch._foreach_mul_(gradients, torch.clamp(longest / (norm + 1e-12), max=1.0))


def _by_rate(owned: Sequence[list[Tensor]], learning_rates: Sequence[float]) -> list[dict[str, object]]:
    groups: dict[float, list[Tensor]] = {}
    for parameters, rate in zip(owned, learning_rates, strict=True):
        groups.setdefault(rate, []).extend(parameters)
    return [{"params": parameters, "lr": rate} for rate, parameters in groups.items()]
