"""An exponential moving average of the weights (Polyak and Juditsky 1992; Tarvainen and Valpola 2017)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor

from isicbench.models.segmenter import Segmenter


class WeightAverage:
    """Of what changes in a segmenter's training: its trained parameters and the statistics of BatchNorm."""

    def __init__(self, segmenter: Segmenter, *, decay: float) -> None:
        self.decay = decay
        still = segmenter.encoder.frozen_state()
        self.names = [
            name
            for name, tensor in segmenter.state_dict().items()
            if tensor.is_floating_point() and name.removeprefix("encoder.") not in still
        ]
        state = segmenter.state_dict()
        self.current = [state[name] for name in self.names]
        self.tensors = [tensor.clone() for tensor in self.current]

    def update(self, *, changes: int) -> None:
        """After the weights have changed for the `changes`th time. At first the average is a shorter one, so that the
        initial weights do not weigh on it."""
        decay = min(self.decay, changes / (changes + 9))
        torch._foreach_lerp_(self.tensors, self.current, 1 - decay)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The average in the weights' place, for a while; the weights keep their addresses."""
        weights = [tensor.clone() for tensor in self.current]
        self.put_in_place()
        try:
            yield
        finally:
            torch._foreach_copy_(self.current, weights)

    def put_in_place(self) -> None:
        torch._foreach_copy_(self.current, self.tensors)

    def state(self) -> dict[str, Tensor]:
        """A copy, on the CPU."""
        return {name: tensor.to("cpu", copy=True) for name, tensor in zip(self.names, self.tensors, strict=True)}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        for name, tensor in zip(self.names, self.tensors, strict=True):
            tensor.copy_(state[name])
