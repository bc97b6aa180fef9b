"""Pretrained weights: found, downloaded, checked, loaded. Never silently replaced by random ones."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import nn

from isicbench.config import Config
from isicbench.errors import WeightsError
from isicbench.models.weight_files import file_sha256, weights_path

if TYPE_CHECKING:
    from torch import Tensor


def load_encoder_weights(encoder: nn.Module, config: Config) -> None:
    """Load `config.weights` into the encoder; `random` leaves it as it is.

    Raises `WeightsError` where they are gone, or not the bytes that the config names.
    """
    if config.weights == "random":
        return
    path = weights_path(config.weights, config.weights_sha256, encoder=config.encoder)
    if not path.is_file():
        raise WeightsError(
            f"the weights {config.weights} are not at {path}",
            hint="Name them again: isicbench run --weights FILE",
        )
    if (sha256 := file_sha256(path)) != config.weights_sha256:
        raise WeightsError(
            f"{path} has changed since the run was asked for: its SHA-256 begins with {sha256[:16]}, "
            f"expected {config.weights_sha256[:16]}",
            hint="Ask for it again: isicbench run",
        )
    check_fit(encoder, read_state_dict(path), path)


def read_state_dict(path: Path) -> "dict[str, Tensor]":
    """The encoder's tensors in a file: a state dict, bare or under `state_dict` or `model`.

    Loads with `weights_only=True`: a file can hold numbers, no code.
    """
    import torch

    try:
        content: Any = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise WeightsError(
            f"{path}: not a file of weights ({type(error).__name__})",
            hint="Expected a state dict written by torch.save; files that hold code are refused.",
        ) from error
    for key in ("state_dict", "model"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict) or not content or not all(torch.is_tensor(v) for v in content.values()):
        raise WeightsError(
            f"{path}: holds no state dict",
            hint="Expected names and tensors, as torch.save(m.state_dict(), FILE) writes.",
        )
    return {name.removeprefix("encoder."): tensor for name, tensor in content.items()}


def check_fit(encoder: nn.Module, state: "dict[str, Tensor]", path: Path) -> None:
    """Load the state into the encoder; whatever the encoder lacks (a classifier, a decoder) is left out."""
    expected = encoder.state_dict()
    found = {name: tensor for name in expected if (tensor := _tensor_of(name, state)) is not None}
    missing = [name for name in expected if name not in found and not name.endswith("num_batches_tracked")]
    if missing:
        raise WeightsError(
            f"{path}: lacks {len(missing)} of the encoder's {len(expected)} tensors, {missing[0]} for one",
            hint="Expected the weights of this encoder: as torchvision or timm names them, or as a run saved them.",
        )
    for name, tensor in expected.items():
        if name in found and found[name].shape != tensor.shape:
            shapes = f"{tuple(found[name].shape)}, expected {tuple(tensor.shape)}"
            raise WeightsError(f"{path}: {name} has the shape {shapes}", hint="These are another network's weights.")
    encoder.load_state_dict(expected | found)


def _tensor_of(name: str, state: "dict[str, Tensor]") -> "Tensor | None":
    """By the encoder's own name, or by that of the classifier that it was a part of."""
    bare = name.removeprefix("features.")
    for known in (name, bare, f"trunk_output.{bare}", bare.removeprefix("network.")):
        if known in state:
            return state[known]
    return None
