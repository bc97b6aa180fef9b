import pytest

from isicbench.compute.devices import Gpu
from isicbench.compute.slots import plan_slots
from isicbench.errors import DeviceError


def gpu(index: int, free_mib: int = 70_000) -> Gpu:
    return Gpu(index=index, uuid=f"GPU-{index}", name="H100", memory_mib=80_000, free_mib=free_mib)


def plan(devices: str, *, jobs: int = 1, gpus=(), cores: int = 8):
    return plan_slots(devices, jobs_per_device=jobs, gpus=gpus, cores=cores)


def test_auto_gives_one_slot_to_each_gpu():
    slots = plan("auto", gpus=[gpu(0), gpu(1)]).slots
    assert [(s.name, s.title, s.threads) for s in slots] == [
        ("cuda:GPU-0/0", "cuda:0", 4),
        ("cuda:GPU-1/0", "cuda:1", 4),
    ]
    assert slots[1].environment["CUDA_VISIBLE_DEVICES"] == "GPU-1"


def test_a_filled_gpu_is_passed_over_and_said_so_unless_named():
    gpus = [gpu(0, free_mib=100), gpu(1)]
    automatic = plan("auto", gpus=gpus)
    assert [s.title for s in automatic.slots] == ["cuda:1"]
    assert "cuda:0" in automatic.remarks[0]
    assert [s.title for s in plan("cuda:0", gpus=gpus).slots] == ["cuda:0"]


def test_every_gpu_filled_is_an_error_not_a_fall_back_to_the_cpu():
    with pytest.raises(DeviceError, match="every GPU is filled"):
        plan("auto", gpus=[gpu(0, free_mib=1)])


def test_without_gpu_auto_trains_on_the_cpu_and_says_so():
    found = plan("auto")
    assert [s.device for s in found.slots] == ["cpu"]
    assert "No CUDA device" in found.remarks[0]


def test_cpu_slots_share_the_cores():
    slots = plan("cpu:3", cores=8).slots
    assert [s.name for s in slots] == ["cpu:0", "cpu:1", "cpu:2"]
    assert {s.threads for s in slots} == {2}
    assert slots[0].environment["CUDA_VISIBLE_DEVICES"] == ""


def test_several_jobs_share_a_device_under_names_of_their_own():
    slots = plan("cuda", jobs=2, gpus=[gpu(0)]).slots
    assert [s.name for s in slots] == ["cuda:GPU-0/0", "cuda:GPU-0/1"]


@pytest.mark.parametrize("devices", ["gpu", "cuda:", "cuda:x", "cpu:0", "cpu:-1", "cuda:0", "", "cpu:9999"])
def test_a_device_that_is_not_there_is_an_error(devices):
    with pytest.raises(DeviceError):
        plan(devices)


def test_a_missing_index_names_what_there_is():
    with pytest.raises(DeviceError, match=r"no device cuda:5; there are: cuda:0"):
        plan("cuda:0,5", gpus=[gpu(0)])
