"""Several runs on one GPU of little memory; what trains them is played by a stand-in."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest

from isicbench.compute.devices import Gpu
from isicbench.compute.processes import host_name, process_started
from isicbench.compute.slots import Slot
from isicbench.config import Config
from isicbench.records import Failure, Owner, RunStatus
from isicbench.scheduling.packing import CONTEXT_MIB, Packing
from isicbench.scheduling.safeguards import Safeguards
from isicbench.scheduling.scheduler import Scheduler
from isicbench.scheduling.slot_worker import Answer
from isicbench.store.store import Store, open_store
from tests.store.store_records import ENVIRONMENT, FINE_TUNED, queue, request

GPU_MIB = 10_000
SLOTS = [Slot(name=f"cuda:GPU-a/{i}", device="cuda", uuid="GPU-a", title=f"cuda:0/{i}", threads=1) for i in range(3)]
ELSEWHERE = Slot(name="cuda:GPU-b/0", device="cuda", uuid="GPU-b", title="cuda:1", threads=1)
LARGE = replace(FINE_TUNED, image_size_px=512)


def needs_mib(config: Config) -> float:
    return 7000.0 if config.image_size_px == 512 else 1000.0


def gpu(uuid: str, *, memory_mib: int, free_mib: int) -> Gpu:
    return Gpu(index=0, uuid=uuid, name="Small GPU", memory_mib=memory_mib, free_mib=free_mib)


class SmallGpu:
    """Workers of a device whose memory holds `GPU_MIB`; a run that does not fit beside the others fails."""

    resumes_interrupted = False
    lent_by_queue = False
    slots_elsewhere = 0

    def __init__(self, store: Store) -> None:
        self.store = store
        self.slots = SLOTS
        self.at_work: dict[int, Config] = {}
        self.pids = iter(range(1, 100))

    async def start(self, slot: Slot) -> "SmallGpuWorker":
        return SmallGpuWorker(self, slot, next(self.pids))

    async def close(self) -> None: ...

    def look(self) -> list[Gpu]:
        taken = sum(needs_mib(config) + CONTEXT_MIB for config in self.at_work.values())
        return [gpu("GPU-a", memory_mib=GPU_MIB, free_mib=GPU_MIB - int(taken))]


class SmallGpuWorker:
    host = host_name()
    log = Path("log")
    alive = True
    run_ids: tuple[int, ...] = ()

    def __init__(self, gpu: SmallGpu, slot: Slot, number: int) -> None:
        self.gpu, self.slot, self.number = gpu, slot, number
        self.pid = os.getpid()

    async def train(self, run_ids) -> Answer:
        store, [run_id] = self.gpu.store, run_ids
        owner = Owner(host=self.host, pid=self.pid, process_started=process_started(), slot=self.slot.name)
        run = store.claim(run_id, owner, log_path="log")
        if run is None:
            return Answer({run_id: "refused"})
        store.record_environment(run_id, replace(ENVIRONMENT, device="Small GPU"))
        fits = needs_mib(run.config) + CONTEXT_MIB <= self.gpu.look()[0].free_mib
        if fits:
            self.gpu.at_work[run_id] = run.config
        await asyncio.sleep(0.2)
        if fits:
            del self.gpu.at_work[run_id]
            store.finish(run_id, RunStatus.COMPLETED, peak_memory_mib=needs_mib(run.config))
        else:
            store.finish(run_id, RunStatus.FAILED, failure=Failure(kind="out_of_memory", message="no memory"))
        return Answer({run_id: store.run(run_id).status.value})

    def end_if_hanging(self, progress) -> None: ...
    def stop(self) -> None: ...
    def kill(self) -> None: ...
    async def end(self) -> None: ...


@pytest.fixture
def store() -> Store:
    return open_store("results.db")


def train(store: Store, *requests) -> list[tuple[Config, RunStatus]]:
    study = store.add_study("isicbench run", requests, force=False)
    gpu = SmallGpu(store)
    scheduler = Scheduler(store, study.id, gpu, safeguards=Safeguards())
    scheduler.packing.gpus = gpu.look
    scheduler.run()
    return [(run.config, run.status) for run in store.runs(study_id=study.id)]


def test_run_that_does_not_fit_beside_others_gets_the_device_for_itself(store):
    ended = train(store, *(request(config, seed=seed) for seed in (0, 1) for config in (LARGE, FINE_TUNED)))
    assert [status for config, status in ended if config == FINE_TUNED] == [RunStatus.COMPLETED] * 2
    large = [status for config, status in ended if config == LARGE]
    assert large == [RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.COMPLETED]


def test_what_a_run_took_before_keeps_others_like_it_from_starting_where_they_do_not_fit(store):
    train(store, request(LARGE, seed=9), request(FINE_TUNED, seed=9))
    ended = train(store, *(request(config, seed=seed) for seed in (0, 1, 2) for config in (LARGE, FINE_TUNED)))
    assert [status for _, status in ended] == [RunStatus.COMPLETED] * 6


def test_a_run_too_large_for_an_empty_device_fails_once(store, monkeypatch):
    monkeypatch.setattr("tests.scheduling.test_packing.GPU_MIB", 5000)
    assert train(store, request(LARGE)) == [(LARGE, RunStatus.FAILED)]


def test_devices_do_not_count_for_each_other_and_cpus_take_what_comes(store):
    small, large = (store.run(run_id) for run_id in queue(store, request(FINE_TUNED), request(LARGE)))
    looks = [gpu(uuid, memory_mib=10_000, free_mib=1500) for uuid in ("GPU-a", "GPU-b")]
    packing = Packing(gpus=lambda: looks)
    packing.learn(LARGE, 7000.0)
    assert packing.room_for(SLOTS[0])(large)
    packing.starts(SLOTS[0], [small])
    assert not packing.room_for(SLOTS[1])(large)
    assert packing.room_for(SLOTS[1])(small)
    assert packing.room_for(ELSEWHERE)(large)
    cpus = [Slot(name=f"cpu:{i}", device="cpu", title=f"cpu:{i}", threads=1) for i in range(2)]
    packing.starts(cpus[0], [small])
    assert packing.room_for(cpus[1])(large)


def test_peaks_of_gpus_alone_are_remembered(store):
    ids = queue(store, request(FINE_TUNED), request(FINE_TUNED, seed=1), request(LARGE))
    for run_id, device, peak in zip(ids, ("GPU", "GPU", "cpu"), (900.0, 1100.0, 5000.0), strict=True):
        store.claim(run_id, Owner(host="a", pid=1, process_started=1.0, slot=device + str(run_id)), log_path="")
        store.record_environment(run_id, replace(ENVIRONMENT, device=device))
        store.finish(run_id, RunStatus.COMPLETED, peak_memory_mib=peak)
    assert store.gpu_peaks() == [(FINE_TUNED, 1100.0)]
