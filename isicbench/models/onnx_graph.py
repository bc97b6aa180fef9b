"""A folded encoder as an ONNX model, node by node: no tracing exporter is needed for convolutions, ReLU6 and sums."""

import operator
from typing import Any

import numpy as np
from onnx import NodeProto, TensorProto, helper, numpy_helper
from torch import fx, nn

OPSET = 17
IR_VERSION = 8
"""Both of 2022: read by every ONNX Runtime that runs on Python 3.11."""

INPUT = "pixels"
"""No node of a traced network has this name."""


class UnknownLayerError(TypeError):
    """A layer for which no ONNX node is written here."""


def onnx_model(folded: fx.GraphModule) -> bytes:
    """The model that turns `pixels` `(N, 3, H, W)` float32 into `features0` `(N, h, w, C)`, channels last, and further
    maps where the network gives several.

    Raises `UnknownLayerError` for a layer that is neither a convolution nor ReLU6.
    """
    modules = dict(folded.named_modules())
    nodes: list[NodeProto] = []
    outputs: list[str] = []
    constants = [
        numpy_helper.from_array(np.array(value, np.float32), name) for name, value in (("zero", 0), ("six", 6))
    ]
    for node in folded.graph.nodes:
        match node.op:
            case "placeholder":
                nodes.append(helper.make_node("Identity", [INPUT], [node.name]))
            case "output":
                given = node.args[0]
                for place, source in enumerate(given if isinstance(given, tuple) else (given,)):
                    outputs.append(f"features{place}")
                    nodes.append(helper.make_node("Transpose", [source.name], outputs[-1:], perm=[0, 2, 3, 1]))
            case "call_function" if node.target in (operator.add, operator.iadd):
                nodes.append(helper.make_node("Add", [term.name for term in node.args], [node.name]))
            case "call_module":
                layer = modules[node.target]
                nodes.append(_layer(layer, node))
                constants += _weights(layer, node.name)
            case _:
                raise UnknownLayerError(f"no ONNX node is known for {node.format_node()}")
    graph = helper.make_graph(nodes, "encoder", [_value(INPUT)], list(map(_value, outputs)), constants)
    opset = helper.make_opsetid("", OPSET)
    content: bytes = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION).SerializeToString()
    return content


def _layer(layer: nn.Module, node: fx.Node) -> NodeProto:
    source: Any = node.args[0]
    if isinstance(layer, nn.ReLU6):
        return helper.make_node("Clip", [source.name, "zero", "six"], [node.name])
    if isinstance(layer, nn.Conv2d) and isinstance(layer.padding, tuple):
        return helper.make_node(
            "Conv",
            [source.name, f"{node.name}.weight", f"{node.name}.bias"],
            [node.name],
            kernel_shape=layer.kernel_size,
            strides=layer.stride,
            pads=layer.padding * 2,
            dilations=layer.dilation,
            group=layer.groups,
        )
    raise UnknownLayerError(f"no ONNX node is known for {layer}")


def _weights(layer: nn.Module, name: str) -> list[TensorProto]:
    return [
        numpy_helper.from_array(tensor.detach().cpu().contiguous().numpy(), f"{name}.{kind}")
        for kind, tensor in layer.named_parameters()
    ]


def _value(name: str) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", None, None, None])
