"""Files that may be named with `--weights`."""

import io
import os
import pickle
import random
from pathlib import Path
from typing import Any

import torch
from torchvision.models import mobilenet_v2

from tests.torture.nasty import damaged


class Intruder:
    """Writes a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch '{self.mark}'",)


def other_weights(sound: bytes, mark: Path, rng: random.Random) -> tuple[str, bytes]:
    """What kind of file it is, and its bytes; one that is executed as code makes the file `mark`."""
    contents: dict[str, Any] = {
        "pickle with code": {"features.0.0.weight": Intruder(mark)},
        "list": [1, 2, 3],
        "number": 3.0,
        "empty": {},
        "numbers for names": {1: torch.zeros(2)},
        "another network": {"conv.weight": torch.zeros(3, 3)},
        "wrong shape": {**_state(), "features.0.0.weight": torch.zeros(2, 2)},
        "not numbers": {**_state(), "features.0.0.weight": torch.full((32, 3, 3, 3), float("nan"))},
        "integers": {name: tensor.to(torch.int64) for name, tensor in _state().items()},
        "sparse": {**_state(), "features.0.0.weight": torch.zeros(32, 3, 3, 3).to_sparse()},
        "nested": {"state_dict": {"model": {"state_dict": {}}}},
        "module": torch.nn.Linear(1, 1),
    }
    kind = rng.choice((*contents, "sound", "damaged", "damaged", "text", "nothing", "plain pickle", "old format"))
    if kind in contents:
        return kind, saved(contents[kind])
    return kind, {
        "sound": lambda: sound,
        "damaged": lambda: damaged(sound, rng),
        "text": lambda: b"weights\n" * 50,
        "nothing": lambda: b"",
        "plain pickle": lambda: pickle.dumps(Intruder(mark)),
        "old format": lambda: saved({"features.0.0.weight": Intruder(mark)}, _use_new_zipfile_serialization=False),
    }[kind]()


def saved(content: object, **options: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer, **options)
    return buffer.getvalue()


def sound_weights() -> bytes:
    return saved(_state())


def _state() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return mobilenet_v2(weights=None).features.state_dict(prefix="features.")
