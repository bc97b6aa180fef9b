"""A network for inference alone: each BatchNorm folded into the convolution before it."""

import copy

from torch import fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fold_batchnorm(network: nn.Module) -> fx.GraphModule:
    """A copy of the network in evaluation mode, traced, without the BatchNorm layers that follow a convolution.

    The weights absorb the statistics as they are now; the outputs differ by rounding alone.
    """
    traced = fx.symbolic_trace(copy.deepcopy(network).eval())
    modules = dict(traced.named_modules())
    for node in list(traced.graph.nodes):
        if node.op != "call_module" or not isinstance(modules[node.target], nn.BatchNorm2d):
            continue
        convolution = node.args[0]
        if not _is_convolution(convolution, modules) or len(convolution.users) > 1:
            continue  # it normalises something else as well: as in DenseNet
        fused = fuse_conv_bn_eval(modules[convolution.target], modules[node.target])
        _replace_module(traced, convolution.target, fused)
        node.replace_all_uses_with(convolution)
        traced.graph.erase_node(node)
    traced.delete_all_unused_submodules()
    traced.recompile()
    return traced.requires_grad_(False)


def folded_or_copied(network: nn.Module) -> nn.Module:
    """The folded network; where it cannot be traced (its way depends on values), a copy in evaluation mode."""
    try:
        return fold_batchnorm(network)
    except (fx.proxy.TraceError, TypeError):
        return copy.deepcopy(network).eval().requires_grad_(False)


def _is_convolution(node: fx.Node, modules: dict[str, nn.Module]) -> bool:
    return node.op == "call_module" and isinstance(modules[str(node.target)], nn.Conv2d)


def _replace_module(parent: nn.Module, path: str, module: nn.Module) -> None:
    *parents, name = path.split(".")
    for part in parents:
        parent = parent.get_submodule(part)
    setattr(parent, name, module)
