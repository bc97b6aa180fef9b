"""The formats of an exported network."""

from enum import StrEnum


class ModelFormat(StrEnum):
    ONNX = "onnx"
    TORCHSCRIPT = "torchscript"
    EXPORTED_PROGRAM = "exported-program"

    @property
    def read_by(self) -> str:
        """What opens the file, in Python."""
        return {
            ModelFormat.ONNX: "onnxruntime.InferenceSession(FILE)",
            ModelFormat.TORCHSCRIPT: "torch.jit.load(FILE)",
            ModelFormat.EXPORTED_PROGRAM: "torch.export.load(FILE).module()",
        }[self]
