import pytest

from isicbench.compute import devices
from isicbench.compute.devices import Gpu, read_gpus, visible_gpus


def gpu(index: int, uuid: str = "", free_mib: int = 70_000) -> Gpu:
    return Gpu(index=index, uuid=uuid or f"GPU-{index}abc", name="H100", memory_mib=80_000, free_mib=free_mib)


THREE = [gpu(0), gpu(1), gpu(2)]


@pytest.mark.parametrize(
    ("setting", "uuids"),
    [
        ("2,0", ["GPU-2abc", "GPU-0abc"]),
        ("GPU-1", ["GPU-1abc"]),
        ("", []),
        ("-1", []),
        ("1,9,0", ["GPU-1abc"]),
        ("0,0", ["GPU-0abc"]),
    ],
)
def test_cuda_visible_devices_is_read_as_cuda_reads_it(setting, uuids, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", setting)
    visible = visible_gpus(lambda: THREE)
    assert [g.uuid for g in visible] == uuids
    assert [g.index for g in visible] == list(range(len(uuids)))


def test_without_the_variable_every_gpu_is_visible(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert visible_gpus(lambda: THREE) == THREE


class FakeNvml:
    """Two GPUs, the second split into two MIG instances, as NVML tells of them."""

    NVML_DEVICE_MIG_ENABLE = 1

    class NVMLError(Exception):
        pass

    class Memory:
        total = 80 * 2**30
        free = 70 * 2**30

    def nvmlInit(self):  # noqa: N802
        pass

    nvmlShutdown = nvmlInit  # noqa: N815

    def nvmlDeviceGetCount(self):  # noqa: N802
        return 2

    def nvmlDeviceGetHandleByIndex(self, i):  # noqa: N802
        return f"GPU-{i}"

    def nvmlDeviceGetMigMode(self, handle):  # noqa: N802
        if handle == "GPU-0":
            raise self.NVMLError("not supported")
        return 1, 1

    def nvmlDeviceGetMaxMigDeviceCount(self, handle):  # noqa: N802
        return 3

    def nvmlDeviceGetMigDeviceHandleByIndex(self, handle, i):  # noqa: N802
        if i == 1:
            raise self.NVMLError("not found")
        return f"MIG-{i}"

    def nvmlDeviceGetMemoryInfo(self, handle):  # noqa: N802
        return self.Memory

    def nvmlDeviceGetUUID(self, handle):  # noqa: N802
        return handle

    def nvmlDeviceGetName(self, handle):  # noqa: N802
        return "NVIDIA H100"


def test_a_gpu_in_mig_mode_stands_as_its_instances(monkeypatch):
    monkeypatch.setattr(devices, "pynvml", FakeNvml())
    found = read_gpus()
    assert [(g.index, g.uuid) for g in found] == [(0, "GPU-0"), (1, "MIG-0"), (2, "MIG-2")]
    assert found[0].free_mib == 70 * 1024


def test_no_driver_means_no_gpus(monkeypatch):
    class NoDriver(FakeNvml):
        def nvmlInit(self):  # noqa: N802
            raise self.NVMLError("driver not loaded")

    monkeypatch.setattr(devices, "pynvml", NoDriver())
    assert read_gpus() == []
