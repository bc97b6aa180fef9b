"""Where a run's training stands between two steps: all that its rest depends on, as plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from isicbench.training.kept import BestEpoch


@dataclass(frozen=True, slots=True, eq=False)
class LearnerState:
    """One run's share of a learner, on the CPU."""

    weights: Mapping[str, Tensor]
    """The decoder's alone where the encoder is frozen: the config and the seed tell the encoder's."""
    optimiser: Sequence[Mapping[str, Tensor]]
    """Adam's step count and moments, a mapping a parameter."""
    gradients: Sequence[Tensor | None] = ()
    """A parameter each, between two steps that are gathered."""
    average: Mapping[str, Tensor] = field(default_factory=dict)
    """The weights' moving average, where there is one."""

    def is_finite(self) -> bool:
        tensors = [*self.weights.values(), *(tensor for part in self.optimiser for tensor in part.values())]
        tensors += [*self.average.values(), *(tensor for tensor in self.gradients if tensor is not None)]
        return all(bool(torch.isfinite(tensor).all()) for tensor in tensors)


@dataclass(frozen=True, slots=True, kw_only=True)
class FiguresState:
    """One run's sums within an epoch, and the figures of its last step."""

    images: int
    total: float
    largest_norm: float
    last_loss: float
    last_norm: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainingState:
    """After `step` steps of `epoch`; `step` 0 is the epoch's begin."""

    epoch: int
    step: int
    generator: Tensor
    """The data generator's state at the epoch's begin: order and augmentation are drawn from it again."""
    learner: LearnerState
    figures: FiguresState
    seconds: float
    """Spent on the epoch so far: the run's share."""
    best: BestEpoch | None = None
    """So far, where the config chooses one."""

    @property
    def position(self) -> tuple[int, int]:
        return self.epoch, self.step

    def to_values(self) -> dict[str, Any]:
        """Numbers, tensors, lists and dicts alone, so that `torch.load(..., weights_only=True)` reads them."""
        return {
            "epoch": self.epoch,
            "step": self.step,
            "generator": self.generator,
            "weights": dict(self.learner.weights),
            "optimiser": [dict(part) for part in self.learner.optimiser],
            "gradients": list(self.learner.gradients),
            "average": dict(self.learner.average),
            "best": None if self.best is None else {f.name: getattr(self.best, f.name) for f in fields(self.best)},
            "figures": asdict(self.figures),
            "seconds": self.seconds,
        }

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Self:
        """Read back what `to_values` gave, in this version or an earlier one; raises `KeyError` or `TypeError` for
        something else."""
        best = values.get("best")
        return cls(
            epoch=values["epoch"],
            step=values["step"],
            generator=values["generator"],
            learner=LearnerState(
                values["weights"], values["optimiser"], values.get("gradients", ()), values.get("average", {})
            ),
            figures=FiguresState(**values["figures"]),
            seconds=values["seconds"],
            best=None if best is None else BestEpoch(**best),
        )


def learner_state(module: nn.Module, parameters: Sequence[Tensor], optimiser: Optimizer) -> LearnerState:
    """A copy of a module's weights and of what the optimiser knows of `parameters`."""
    return LearnerState(
        weights=weights_of(module),
        optimiser=[{k: _copied(tensor) for k, tensor in optimiser.state[p].items()} for p in parameters],
    )


def restore_learner(state: LearnerState, module: nn.Module, parameters: Sequence[Tensor], optimiser: Optimizer) -> None:
    """Put a state back in place. Moments keep the order of memory that they had, as the sums in a step depend on it."""
    module.load_state_dict(dict(state.weights))
    for parameter, part in zip(parameters, state.optimiser, strict=True):
        optimiser.state[parameter] = {name: tensor.to(parameter.device, copy=True) for name, tensor in part.items()}
    for parameter, gradient in zip(parameters, state.gradients, strict=False):
        parameter.grad = None if gradient is None else gradient.to(parameter.device, copy=True)


def weights_of(module: nn.Module) -> dict[str, Tensor]:
    """Copies, on the CPU."""
    return {name: _copied(tensor) for name, tensor in module.state_dict().items()}


def gradients_of(parameters: Sequence[Tensor]) -> list[Tensor | None]:
    """Copies, on the CPU."""
    return [None if parameter.grad is None else _copied(parameter.grad) for parameter in parameters]


def _copied(tensor: Tensor) -> Tensor:
    return tensor.detach().to("cpu", copy=True)
