"""The optimisers that a config can name."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.optim import SGD, Adam, AdamW, Optimizer

from isicbench.config import Config
from isicbench.models.segmenter import Segmenter

MOMENTUM = 0.9

Groups = list[dict[str, Any]]


def optimiser_for(segmenter: Segmenter, config: Config) -> Optimizer:
    """Of the segmenter's trainable parameters, the encoder's with their own share of the learning rate.

    On CUDA a rate that will change lies on the device, where a captured graph reads it anew at each replay.
    """
    groups = _groups(segmenter, config)
    if _on_cuda(groups) and (config.schedule != "constant" or config.warmup_epochs):
        for group in groups:
            group["lr"] = torch.tensor(group["lr"], device=group["params"][0].device)
    return OPTIMISERS[config.optimiser](groups)


def set_rate(group: dict[str, Any], rate: float) -> None:
    """Change a group's learning rate where it lies."""
    if isinstance(group["lr"], Tensor):
        group["lr"].fill_(rate)
    else:
        group["lr"] = rate


def fused_adam(groups: Groups) -> Optimizer:
    """Adam in one kernel for all tensors; on CUDA it counts steps on the device, as a captured graph needs."""
    return Adam(groups, fused=True, capturable=_on_cuda(groups))


def fused_adamw(groups: Groups) -> Optimizer:
    """Adam with weight decay apart from the gradient (Loshchilov and Hutter, ICLR 2019)."""
    return AdamW(groups, fused=True, capturable=_on_cuda(groups))


def fused_sgd(groups: Groups) -> Optimizer:
    return SGD(groups, momentum=MOMENTUM, nesterov=True, fused=True)


OPTIMISERS: dict[str, Callable[[Groups], Optimizer]] = {"adam": fused_adam, "adamw": fused_adamw, "sgd": fused_sgd}


def _groups(segmenter: Segmenter, config: Config) -> Groups:
    shared: dict[str, Any] = {"lr": config.learning_rate, "weight_decay": config.weight_decay}
    # SGD steps a group's parameters all for the first time, or none of them: an encoder that joins later has its own.
    if config.encoder_rate_share == 1 and not config.unfreeze_at:
        return [shared | {"params": segmenter.trainable_parameters()}]
    encoder = [parameter for parameter in segmenter.encoder.parameters() if parameter.requires_grad]
    decoder = [parameter for parameter in segmenter.decoder.parameters() if parameter.requires_grad]
    groups = [
        shared | {"params": encoder, "lr": config.learning_rate * config.encoder_rate_share},
        shared | {"params": decoder},
    ]
    return [group for group in groups if group["params"]]


def _on_cuda(groups: Groups) -> bool:
    first: Tensor = groups[0]["params"][0]
    return first.device.type == "cuda"
