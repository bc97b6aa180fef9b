"""A learner's step as one CUDA graph, so that the GPU does not wait for Python between kernels."""

from collections.abc import Callable

import torch
from torch import Tensor

from isicbench.config import Config
from isicbench.training.figures import StepFigures
from isicbench.training.learners import Learner

Step = Callable[[Tensor, Tensor], StepFigures]

EAGER_STEPS = 3
"""Steps of full size before the capture, in which kernels are chosen and the optimiser makes its state."""


def graphed(learner: Learner, config: Config, *, device: torch.device) -> Step:
    """The learner's step; on CUDA, full batches replay a graph of it and others run as they are.

    A graph holds the parameters that it was captured with, and takes every step alike: where not every step changes the
    weights there is none, and whoever changes what is trained needs another.
    """
    if device.type != "cuda" or config.accumulate > 1:
        return learner.step
    return GraphedStep(learner, batch_size=config.batch_size)


class GraphedStep:
    """Replays a captured step on batches of `batch_size`."""

    def __init__(self, learner: Learner, *, batch_size: int) -> None:
        self.learner = learner
        self.batch_size = batch_size
        self.eager_steps = 0
        self.graph: torch.cuda.CUDAGraph | None = None

    def __call__(self, images: Tensor, masks: Tensor) -> StepFigures:
        if len(images) != self.batch_size:
            return self.learner.step(images, masks)
        if self.eager_steps < EAGER_STEPS:
            self.eager_steps += 1
            return self._step_aside(images, masks)
        if self.graph is None:
            self.graph = self._capture(images, masks)
        self.images.copy_(images)
        self.masks.copy_(masks)
        self.graph.replay()
        return StepFigures(self.figures.losses.clone(), self.figures.gradient_norms.clone())

    def _step_aside(self, images: Tensor, masks: Tensor) -> StepFigures:
        """A real step on a stream of its own, as the first steps before a capture must be."""
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            figures = self.learner.step(images, masks)
        torch.cuda.current_stream().wait_stream(stream)
        return figures

    def _capture(self, images: Tensor, masks: Tensor) -> torch.cuda.CUDAGraph:
        """Record a step without taking it; gradients and activations get places of their own in the graph."""
        self.images, self.masks = images.clone(), masks.clone()
        self.learner.forget_gradients()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self.figures = self.learner.step(self.images, self.masks)
        return graph
