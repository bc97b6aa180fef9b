"""What takes a step of gradient descent: a whole network, or the decoders of several runs on one frozen encoder."""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor
from torch.optim import Adam

from isicbench.config import Config
from isicbench.models.convolution import feature_tiles
from isicbench.models.segmenter import Segmenter
from isicbench.training.figures import StepFigures
from isicbench.training.loss import Targets, upsampled_bce
from isicbench.training.state import LearnerState, learner_state, restore_learner


class Learner(Protocol):
    """One or several runs that see the same batches."""

    def step(self, images: Tensor, masks: Tensor) -> StepFigures:
        """Descend once, on `(B, 3, H, W)` normalised images and `(B, H, W)` uint8 masks."""

    def forget_gradients(self) -> None:
        """Let the next step make tensors of its own for them."""

    def state(self, run: int) -> LearnerState:
        """A copy of the weights that this run trains, and of the optimiser's moments; waits for the device."""

    def restore(self, run: int, state: LearnerState) -> None:
        """Go on from there."""


def learner_for(segmenters: Sequence[Segmenter], configs: Sequence[Config]) -> Learner:
    """Frozen runs train their decoders together; a fine-tuned one trains alone."""
    if all(segmenter.frozen for segmenter in segmenters):
        return Decoders(segmenters, learning_rates=[config.learning_rate for config in configs])
    (segmenter,), (config,) = segmenters, configs
    return WholeNetwork(segmenter, learning_rate=config.learning_rate, compiled=config.compile)


class WholeNetwork:
    """All layers of one segmenter."""

    def __init__(self, segmenter: Segmenter, *, learning_rate: float, compiled: bool) -> None:
        self.segmenter = segmenter
        self.parameters = segmenter.trainable_parameters()
        self.optimiser = fused_adam([{"params": self.parameters, "lr": learning_rate}])
        self.grid = torch.compile(segmenter.grid) if compiled else segmenter.grid

    def step(self, images: Tensor, masks: Tensor) -> StepFigures:
        self.forget_gradients()
        grid = self.grid(images)
        loss = upsampled_bce(grid, Targets.of(masks, grid.shape[-2:]))
        torch.autograd.backward(loss)
        norm = _norm(self.parameters)
        self.optimiser.step()
        return StepFigures(loss.detach()[None], norm[None])

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


def fused_adam(groups: list[dict[str, object]]) -> Adam:
    """Adam in one kernel for all tensors; on CUDA it counts steps on the device, as a captured graph needs."""
    first: Tensor = groups[0]["params"][0]  # type: ignore[index]
    return Adam(groups, fused=True, capturable=first.device.type == "cuda")


def _as_stored(tensor: Tensor) -> Tensor:
    """A view in the order of memory: Adam copies whatever lies in another."""
    return tensor.permute(0, 2, 3, 1) if tensor.dim() == 4 else tensor


def _norm(parameters: Sequence[Tensor]) -> Tensor:
    """The Euclidean norm of all gradients together; stays on the device."""
    norms = torch._foreach_norm([parameter.grad for parameter in parameters if parameter.grad is not None])
    total: Tensor = torch.linalg.vector_norm(torch.stack(norms))
    return total


def _by_rate(owned: Sequence[list[Tensor]], learning_rates: Sequence[float]) -> list[dict[str, object]]:
    groups: dict[float, list[Tensor]] = {}
    for parameters, rate in zip(owned, learning_rates, strict=True):
        groups.setdefault(rate, []).extend(parameters)
    return [{"params": parameters, "lr": rate} for rate, parameters in groups.items()]
