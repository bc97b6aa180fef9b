"""Which parts of a network a map of features depends on: what is frozen where the stages up to that map are."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Modules whose every output leads to one map, and the names of the parameters that do."""

    modules: tuple[nn.Module, ...]
    parameters: frozenset[str]


def part_up_to(network: nn.Module, reader: nn.Module, *, level: int, side: int) -> Part:
    """The part of `network` that the `level`th map of `reader`, which runs it, is computed by.

    An empty image of `side` pixels goes through, and the map's gradient tells what it came by: no matter how the
    network is written, its normalisation, Dropout and stochastic depth are found as its convolutions are.
    """
    calls: list[tuple[nn.Module, list[Tensor]]] = []
    was_training = network.training
    with ExitStack() as stack:
        for module in network.modules():
            hook = module.register_forward_hook(lambda found, _, output: calls.append((found, list(_tensors(output)))))
            stack.callback(hook.remove)
        image = torch.zeros(1, 3, side, side, requires_grad=True)
        reached = reader.eval()(image)[level]
    reader.train(was_training)
    names, parameters = zip(*network.named_parameters(), strict=True)
    outputs = [tensor for _, tensors in calls for tensor in tensors]
    leads = [
        gradient is not None
        for gradient in torch.autograd.grad(reached.sum(), [*parameters, *outputs], allow_unused=True)
    ]
    return Part(
        modules=tuple(_leading_modules(calls, leads[len(names) :])),
        parameters=frozenset(name for name, does in zip(names, leads, strict=False) if does),
    )


def _leading_modules(calls: list[tuple[nn.Module, list[Tensor]]], leads: list[bool]) -> Iterator[nn.Module]:
    """Those whose every output leads there."""
    all_lead: dict[nn.Module, bool] = {}
    place = 0
    for module, tensors in calls:
        found = leads[place : place + len(tensors)]
        place += len(tensors)
        all_lead[module] = all_lead.get(module, True) and bool(found) and all(found)
    return (module for module, does in all_lead.items() if does)


def _tensors(output: Any) -> Iterator[Tensor]:
    if isinstance(output, Tensor):
        yield output
    elif isinstance(output, list | tuple):
        for part in output:
            yield from _tensors(part)
