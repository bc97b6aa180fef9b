import pytest
import torch

from isicbench.config import Config
from isicbench.scheduling import out_of_memory
from isicbench.scheduling.failures import failure_of
from isicbench.scheduling.out_of_memory import is_out_of_memory, kernel_kills, memory_advice
from isicbench.store.store import open_store
from tests.store.store_records import queue

CPU = torch.device("cpu")


def raised(action) -> BaseException:
    with pytest.raises(RuntimeError) as error:
        action()
    return error.value


def test_an_allocation_that_the_system_refuses_fails_the_run_with_the_half_batch():
    store = open_store("results.db")
    run = store.run(queue(store)[0])
    error = raised(lambda: torch.empty(2**56))
    failure = failure_of(error, run, device=CPU)
    assert failure.kind == "out_of_memory"
    assert "batches of 16 images of 128 px" in failure.message
    assert "--batch-size 8" in failure.message
    assert "RuntimeError" in failure.traceback


def test_other_errors_are_not_taken_for_it():
    assert is_out_of_memory(MemoryError())
    assert is_out_of_memory(torch.cuda.OutOfMemoryError("CUDA out of memory"))
    assert not is_out_of_memory(raised(lambda: torch.ones(2) @ torch.ones(3)))
    assert not is_out_of_memory(ValueError("can't allocate memory"))


def test_a_single_image_that_does_not_fit_is_told_so():
    assert "--size" in memory_advice(Config(batch_size=1), device=CPU)


@pytest.mark.parametrize(
    ("groups", "file", "text"),
    [
        ("0::/jobs/a\n", "jobs/a/memory.events", "low 0\noom 3\noom_kill 2\n"),
        ("0::/elsewhere\n", "memory.events", "low 0\noom_kill 2\n"),
        ("5:memory:/b\n", "memory/b/memory.oom_control", "oom_kill_disable 0\noom_kill 2\n"),
    ],
)
def test_the_kernels_kills_are_read_from_either_version_of_control_groups(tmp_path, monkeypatch, groups, file, text):
    monkeypatch.setattr(out_of_memory, "GROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(out_of_memory, "OWN_GROUPS", tmp_path / "own")
    assert kernel_kills() == 0
    (tmp_path / "own").write_text(groups)
    (tmp_path / "cgroup" / file).parent.mkdir(parents=True)
    (tmp_path / "cgroup" / file).write_text(text)
    assert kernel_kills() == 2
