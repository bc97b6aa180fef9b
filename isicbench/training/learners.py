"""What takes a step of gradient descent: a whole network, or the decoders of several runs on one frozen encoder."""

import math
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Protocol

import torch
from torch import Tensor

from isicbench.config import Config
from isicbench.models.convolution import feature_tiles
from isicbench.models.segmenter import Segmenter
from isicbench.training.average import WeightAverage
from isicbench.training.batches import StepPlace
from isicbench.training.figures import StepFigures
from isicbench.training.images import slices
from isicbench.training.loss import Targets, upsampled_bce
from isicbench.training.losses import loss_of
from isicbench.training.optimisers import fused_adam, optimiser_for, set_rate
from isicbench.training.schedule import rate_share
from isicbench.training.state import LearnerState, gradients_of, learner_state, restore_learner, weights_of


class Learner(Protocol):
    """One or several runs that see the same batches."""

    def begin_epoch(self, epoch: int) -> bool:
        """Make ready for its first step; whether other layers are trained from now on than before."""

    def begin_step(self, place: StepPlace) -> None:
        """Make ready for the step that stands there."""

    def step(self, images: Tensor, masks: Tensor) -> StepFigures:
        """Descend once, on `(B, 3, H, W)` normalised images and `(B, H, W)` uint8 masks."""

    def end_step(self) -> None:
        """Follow the weights after a step."""

    def forget_gradients(self) -> None:
        """Let the next step make tensors of its own for them."""

    def as_evaluated(self) -> AbstractContextManager[None]:
        """With the weights that are validated, scored and saved in the networks."""

    def weights(self, run: int) -> dict[str, Tensor]:
        """A copy of those that this run trains, as they are now, on the CPU."""

    def finish(self, run: int, weights: Mapping[str, Tensor]) -> None:
        """Leave the weights that are scored and saved in the network: these, or without any the ones at hand."""

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
    """All layers of one segmenter that are to be trained, now or from a later epoch on."""

    def __init__(self, segmenter: Segmenter, config: Config) -> None:
        self.segmenter = segmenter
        self.config = config
        self.parameters = segmenter.trainable_parameters()
        self.optimiser = optimiser_for(segmenter, config)
        self.rates = [float(group["lr"]) for group in self.optimiser.param_groups]
        self.loss = loss_of(config.loss)
        self.grid = torch.compile(segmenter.grid) if config.compile else segmenter.grid
        self.average = WeightAverage(segmenter, decay=config.ema_decay) if config.ema_decay else None
        self.place = StepPlace()

    def begin_epoch(self, epoch: int) -> bool:
        """The optimiser knows all parameters from the begin and passes over those without a gradient: unfreezing leaves
        the others' moments as they are, and the schedule goes on."""
        frozen = self.config.frozen or epoch < self.config.unfreeze_at
        if frozen == self.segmenter.frozen:
            return False
        self.forget_gradients()
        self.segmenter.freeze_encoder(frozen=frozen)
        return True

    def begin_step(self, place: StepPlace) -> None:
        self.place = place
        if self.config.schedule != "constant" or self.config.warmup_epochs:
            share = rate_share(self.config, done=place.done, steps=place.steps)
            for group, rate in zip(self.optimiser.param_groups, self.rates, strict=True):
                set_rate(group, rate * share)

    def step(self, images: Tensor, masks: Tensor) -> StepFigures:
        if self.place.is_first:
            self.forget_gradients()
        losses = []
        for part in slices(len(images), math.ceil(len(images) / self.config.batch_parts)):
            loss = self.loss(self.grid(images[part]), masks[part]) * (len(images[part]) / len(images))
            torch.autograd.backward(loss * self.place.share if self.place.share != 1 else loss)
            losses.append(loss.detach())
        norm = _norm(self.parameters)
        if self.place.is_last:
            if self.config.clip_norm:
                _shorten(self.parameters, norm, self.config.clip_norm)
            self.optimiser.step()
        return StepFigures(torch.stack(losses).sum()[None], norm[None])

    def end_step(self) -> None:
        if self.average is not None and self.place.is_last:
            self.average.update(changes=self.place.changes)

    def forget_gradients(self) -> None:
        self.optimiser.zero_grad(set_to_none=True)

    def as_evaluated(self) -> AbstractContextManager[None]:
        return nullcontext() if self.average is None else self.average.in_place()

    def weights(self, run: int) -> dict[str, Tensor]:
        return weights_of(self.segmenter)

    def finish(self, run: int, weights: Mapping[str, Tensor]) -> None:
        if weights:
            self.segmenter.load_state_dict(dict(weights))
        elif self.average is not None:
            self.average.put_in_place()

    def state(self, run: int) -> LearnerState:
        state = learner_state(self.segmenter, self.parameters, self.optimiser)
        if not self.place.is_last:
            state = replace(state, gradients=gradients_of(self.parameters))
        return state if self.average is None else replace(state, average=self.average.state())

    def restore(self, run: int, state: LearnerState) -> None:
        restore_learner(state, self.segmenter, self.parameters, self.optimiser)
        if self.average is not None:
            self.average.restore(state.average)


class Decoders:
    """The decoders of R segmenters that share one frozen encoder: one pass of it serves them all."""

    def __init__(self, segmenters: Sequence[Segmenter], *, learning_rates: Sequence[float]) -> None:
        self.encoder = segmenters[0].encoder
        self.decoders = [segmenter.decoder.to(memory_format=torch.channels_last) for segmenter in segmenters]
        self.owned = [list(decoder.parameters()) for decoder in self.decoders]
        self.stored = [[_as_stored(parameter.data) for parameter in owned] for owned in self.owned]
        self.optimiser = fused_adam(_by_rate(self.stored, learning_rates))

    def begin_epoch(self, epoch: int) -> bool:
        return False

    def begin_step(self, place: StepPlace) -> None:
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

    def end_step(self) -> None:
        """Nothing follows their weights."""

    def as_evaluated(self) -> AbstractContextManager[None]:
        return nullcontext()

    def weights(self, run: int) -> dict[str, Tensor]:
        return weights_of(self.decoders[run])

    def finish(self, run: int, weights: Mapping[str, Tensor]) -> None:
        if weights:
            self.decoders[run].load_state_dict(dict(weights))

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
