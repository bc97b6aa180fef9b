from pathlib import Path

import pytest

from isicbench.compute import precision
from isicbench.compute.precision import cpu_flags, resolve_precision
from isicbench.compute.slots import Slot
from isicbench.errors import ConfigError

SLOT = Slot(name="cpu:0", device="cpu", title="cpu", threads=2)


def cpuinfo(folder: Path, flags: str) -> Path:
    path = folder / "cpuinfo"
    path.write_text(f"processor\t: 0\nflags\t\t: {flags}\nbugs\t\t:\n")
    return path


@pytest.mark.parametrize(
    ("flags", "expected"), [("fpu avx512_bf16", "fp32"), ("fpu amx_bf16", "bf16"), ("fpu", "fp32")]
)
def test_auto_is_bf16_where_the_cpu_declares_it(tmp_path, monkeypatch, flags, expected):
    declared = cpu_flags(cpuinfo(tmp_path, flags))
    monkeypatch.setattr(precision, "cpu_flags", lambda: declared)
    assert resolve_precision("auto", [SLOT]) == expected


def test_a_named_precision_is_kept_whatever_the_hardware():
    assert [resolve_precision(choice, [SLOT]) for choice in ("fp32", "bf16")] == ["fp32", "bf16"]


def test_a_gpu_that_nobody_knows_gets_no_bf16():
    slot = Slot(name="cuda:GPU-none/0", device="cuda", uuid="GPU-none", title="cuda:0", threads=2)
    assert resolve_precision("auto", [SLOT, slot]) == "fp32"


def test_an_unknown_precision_is_an_error():
    with pytest.raises(ConfigError, match="--precision fp8"):
        resolve_precision("fp8", [SLOT])


def test_a_machine_without_cpuinfo_declares_nothing(tmp_path):
    assert cpu_flags(tmp_path / "missing") == frozenset()
