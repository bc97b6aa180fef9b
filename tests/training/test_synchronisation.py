"""How often the loop waits for the device, counted on a CPU by what would wait on a GPU."""

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from isicbench.config import Config
from isicbench.models.segmenter import build_segmenter
from isicbench.records import EpochRecord
from isicbench.training.images import ResidentImages
from isicbench.training.loop import train

WAITING = ("aten::_local_scalar_dense", "aten::nonzero", "aten::masked_select", "aten::is_nonzero", "aten::equal")


class Waits(TorchDispatchMode):
    """Counts the operators whose result the host needs before it goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.count += func._schema.name in WAITING
        return func(*args, **(kwargs or {}))


def waits_by_epoch(data: ResidentImages, settings: Config) -> list[int]:
    segmenter = build_segmenter(settings, seed=0)
    found = []
    with Waits() as waits:
        for record in train(segmenter, settings, seed=0, training=data, validation=data):
            if isinstance(record, EpochRecord):
                found.append(waits.count)
                waits.count = 0
    return found


@pytest.mark.parametrize("frozen", [True, False])
def test_the_loop_waits_as_often_for_many_steps_as_for_few(discs, frozen):
    few = Config(weights="random", image_size_px=64, frozen=frozen, batch_size=8, epochs=2)
    many = Config(weights="random", image_size_px=64, frozen=frozen, batch_size=2, epochs=2)
    steps_few, steps_many = 2, 8
    assert waits_by_epoch(discs, few) == waits_by_epoch(discs, many)
    assert max(waits_by_epoch(discs, few)) <= 8
    assert steps_few < steps_many


def test_the_counter_sees_a_wait():
    with Waits() as waits:
        torch.ones(1).item()
        bool(torch.ones(1).any())
    assert waits.count == 2
