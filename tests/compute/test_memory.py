"""Freed memory goes back to the system."""

import sys

import psutil
import pytest
import torch

from isicbench.compute.memory import give_freed_memory_back


def resident_mib() -> float:
    return psutil.Process().memory_info().rss / 2**20


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc can be asked to return memory")
def test_freed_tensors_below_living_ones_are_returned_to_the_system():
    tensors = [torch.ones(16_000) for _ in range(4_000)]  # 64 KB each: from the heap, not mapped one by one
    kept = tensors[::50]
    filled_mib = resident_mib()
    del tensors
    give_freed_memory_back()
    assert resident_mib() < filled_mib - 200
    assert all(bool((tensor == 1).all()) for tensor in kept)
