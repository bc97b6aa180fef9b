"""A deployed network as the bytes of a file, and such bytes as a function again."""

import io
import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.jit._trace import TracerWarning

from isicbench.errors import ExportError
from isicbench.exporting.deployed_network import INPUT, OUTPUT, DeployedNetwork
from isicbench.exporting.model_formats import ModelFormat
from isicbench.harmless import first_line

Predict = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""From `(N, 3, H, W)` images to `(N, 1, H, W)` logits, for any N from 1 up."""

OPSET = 17
METADATA_FILE = "metadata.json"
"""Within a file of torch; an ONNX file has properties of its own."""


def model_bytes(network: DeployedNetwork, metadata: Mapping[str, str], *, form: ModelFormat) -> bytes:
    """The network with its metadata as a file's content. Raises `ExportError` where the format cannot hold it."""
    example = torch.zeros(2, 3, network.size_px, network.size_px)  # of two: a batch of one would stay a batch of one
    file = io.BytesIO()
    with _exporting(form), torch.no_grad():
        match form:
            case ModelFormat.ONNX:
                _write_onnx(network, example, file)
                return _with_properties(file.getvalue(), metadata)
            case ModelFormat.TORCHSCRIPT:
                traced = torch.jit.trace(network, (example,), check_trace=False)  # type: ignore[no-untyped-call]
                torch.jit.save(traced, file, _extra_files={METADATA_FILE: json.dumps(metadata)})
            case ModelFormat.EXPORTED_PROGRAM:
                batch = {0: torch.export.Dim("batch", min=1)}
                program = torch.export.export(network, (example,), dynamic_shapes={INPUT: batch})
                torch.export.save(program, file, extra_files={METADATA_FILE: json.dumps(metadata)})
    return file.getvalue()


def read_model(content: bytes, *, form: ModelFormat) -> Predict:
    """The network in a file's content, on the CPU, as another program would load it."""
    match form:
        case ModelFormat.ONNX:
            import onnxruntime

            session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
            return lambda images: cast(NDArray[np.float32], session.run([OUTPUT], {INPUT: images})[0])
        case ModelFormat.TORCHSCRIPT:
            with _without_deprecations():
                return _predict_by(torch.jit.load(io.BytesIO(content)))  # type: ignore[no-untyped-call]
        case ModelFormat.EXPORTED_PROGRAM:
            return _predict_by(torch.export.load(io.BytesIO(content)).module())


def read_metadata(content: bytes, *, form: ModelFormat) -> dict[str, str]:
    """What `model_bytes` was given beside the network."""
    if form is ModelFormat.ONNX:
        import onnx

        return {entry.key: entry.value for entry in onnx.load_from_string(content).metadata_props}
    kept = {METADATA_FILE: ""}
    file = io.BytesIO(content)
    if form is ModelFormat.TORCHSCRIPT:
        with _without_deprecations():
            torch.jit.load(file, _extra_files=kept)  # type: ignore[no-untyped-call]
    else:
        torch.export.load(file, extra_files=kept)
    found: dict[str, str] = json.loads(kept[METADATA_FILE])
    return found


def _write_onnx(network: nn.Module, example: Tensor, file: io.BytesIO) -> None:
    """By torch's exporter that needs no further package."""
    torch.onnx.export(
        network,
        (example,),
        file,  # type: ignore[arg-type]  # what is without dynamo takes it
        dynamo=False,
        opset_version=OPSET,
        input_names=[INPUT],
        output_names=[OUTPUT],
        dynamic_axes={name: {0: "batch"} for name in (INPUT, OUTPUT)},
    )


def _with_properties(content: bytes, metadata: Mapping[str, str]) -> bytes:
    import onnx

    model = onnx.load_from_string(content)
    onnx.helper.set_model_props(model, dict(metadata))
    onnx.checker.check_model(model)
    return cast(bytes, model.SerializeToString())


def _predict_by(network: nn.Module) -> Predict:
    def predict(images: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            logits: Tensor = network(torch.from_numpy(images))
        return cast(NDArray[np.float32], logits.numpy())

    return predict


@contextmanager
def _exporting(form: ModelFormat) -> Iterator[None]:
    """The exporters raise what they like at an operator that they do not know: errors of many unrelated classes."""
    try:
        with _without_deprecations():
            yield
    except Exception as error:
        reason = first_line(str(error)) or type(error).__name__
        others = ", ".join(other for other in ModelFormat if other is not form)
        raise ExportError(
            f"--format {form}: the network cannot be exported ({reason})", hint=f"Try another --format: {others}"
        ) from error


@contextmanager
def _without_deprecations() -> Iterator[None]:
    """Torch calls TorchScript and its ONNX exporter old; whoever asks for a file of theirs need not read so."""
    with warnings.catch_warnings():
        for category in (DeprecationWarning, FutureWarning, UserWarning, TracerWarning):
            warnings.simplefilter("ignore", category)
        yield
