"""How a frozen encoder is computed: it is inference, so it runs as such."""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from isicbench.config import Precision
from isicbench.models.folding import fold_batchnorm, folded_or_copied
from isicbench.models.onnx_graph import INPUT, UnknownLayerError, onnx_model

Engine = Callable[[Tensor], Tensor | tuple[Tensor, ...]]
"""From `(N, 3, H, W)` images to `(N, C, h, w)` float32 features in channels_last, or one such map a level; keeps no
graph."""

CHUNK = 8
"""Images that a thread takes at once: few enough for its core's cache, enough to be worth the call."""


def frozen_engine(network: nn.Module, *, device: torch.device, precision: Precision) -> Engine:
    """The fastest engine at hand for the network's weights as they are now.

    On a CPU in float32 that is ONNX Runtime for a network of convolutions, ReLU6 and sums, elsewhere and for others the
    network in torch, folded where it can be traced; all agree with the plain network to rounding.
    """
    if device.type == "cpu" and precision == "fp32":
        with suppress(UnknownLayerError):
            return OnnxEngine(network, threads=torch.get_num_threads())
    return TorchEngine(network, device=device, dtype=torch.bfloat16 if precision == "bf16" else torch.float32)


class OnnxEngine:
    """ONNX Runtime on the CPU, one chunk of images a thread.

    Whole chunks side by side need no meeting of threads after every layer, unlike one layer cut into parts. What an
    image gives does not depend on the chunk it is in.
    """

    def __init__(self, network: nn.Module, *, threads: int) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        model = onnx_model(fold_batchnorm(network))
        self.session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self.threads = threads
        self.pool = ThreadPoolExecutor(threads)

    def __call__(self, images: Tensor) -> Tensor | tuple[Tensor, ...]:
        pixels = images.detach().contiguous().numpy()
        size = min(CHUNK, math.ceil(len(pixels) / self.threads))
        chunks = [pixels[start : start + size] for start in range(0, len(pixels), size)]
        levels = zip(*self.pool.map(self._run, chunks), strict=True)
        maps = tuple(torch.from_numpy(np.concatenate(parts)).permute(0, 3, 1, 2) for parts in levels)
        return maps if len(maps) > 1 else maps[0]

    def _run(self, pixels: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        maps: list[NDArray[np.float32]] = self.session.run(None, {INPUT: pixels})
        return maps


class TorchEngine:
    """The network in torch, in channels_last; folded where it can be traced.

    On CUDA a batch that is smaller than one before is filled up to it.
    """

    def __init__(self, network: nn.Module, *, device: torch.device, dtype: torch.dtype) -> None:
        self.network = folded_or_copied(network).to(device=device, dtype=dtype).to(memory_format=torch.channels_last)
        self.dtype = dtype
        self.fills = device.type == "cuda"
        self.largest = 0

    @torch.no_grad()
    def __call__(self, images: Tensor) -> Tensor | tuple[Tensor, ...]:
        count = len(images)
        if self.fills:
            self.largest = max(self.largest, count)
            images = filled(images, self.largest)
        found: Tensor | tuple[Tensor, ...] = self.network(images.to(self.dtype, memory_format=torch.channels_last))
        maps = [level.float()[:count] for level in ([found] if isinstance(found, Tensor) else found)]
        return tuple(maps) if len(maps) > 1 else maps[0]


def filled(images: Tensor, count: int) -> Tensor:
    """`(count, ...)`: the images, and black ones after them.

    On CUDA each new number of images has cuDNN choose and compile every layer's kernels anew, which takes seconds;
    where no image has a part in another's result, black ones cost less.
    """
    missing = count - len(images)
    return images if missing <= 0 else torch.cat([images, images.new_zeros(missing, *images.shape[1:])])
