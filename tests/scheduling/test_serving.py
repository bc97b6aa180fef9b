"""A worker keeps nothing of the runs that it has served."""

import os
import sys
from dataclasses import replace

import psutil
import pytest
import torch

from isicbench.compute.memory import give_freed_memory_back
from isicbench.compute.processes import host_name, process_started
from isicbench.records import Owner
from isicbench.scheduling.serving import Worker
from isicbench.scheduling.watchdog import Watchdog
from isicbench.store.store import open_store
from isicbench.store.studies import RunRequest
from tests.commands import isicbench

KEPT_MIB = 24
"""Untouched, a group of four leaves some 150 MiB."""


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc can be asked to return memory")
def test_what_a_group_of_runs_has_freed_is_back_with_the_system_once_it_has_ended(quick):
    assert isicbench("run", *quick, "--frozen", "--epochs", 1, "--devices", "cpu").returncode == 0
    store = open_store("results.db", create=False)
    config = replace(store.run(1).config, data_seed=0)
    dataset = store.datasets()[config.dataset_fingerprint]
    study = store.add_study("four", [RunRequest(config=config, seed=seed, dataset=dataset) for seed in range(1, 5)])
    owner = Owner(host=host_name(), pid=os.getpid(), process_started=process_started(), slot="cpu:0")
    worker = Worker(
        store=store,
        owner=owner,
        device=torch.device("cpu"),
        should_stop=lambda: False,
        checkpoint_minutes=10,
        watchdog=Watchdog(0),
    )
    assert set(worker.serve(study.run_ids).values()) == {"completed"}
    left_mib = psutil.Process().memory_info().rss / 2**20
    give_freed_memory_back()
    assert left_mib - psutil.Process().memory_info().rss / 2**20 < KEPT_MIB
