"""A run that is validated or scored for long is not taken for one that hangs."""

from dataclasses import replace

import torch

from isicbench.records import Owner, RunStatus
from isicbench.scheduling import run_recording
from isicbench.scheduling.execution import execute
from isicbench.store.store import Store, open_store
from isicbench.store.studies import RunRequest
from isicbench.training import inference
from tests.commands import isicbench


def claimed_pair(store: Store):
    """Two runs that train side by side on the images of run 1."""
    first = store.run(1)
    config = replace(first.config, data_seed=5)
    dataset = store.datasets()[config.dataset_fingerprint]
    study = store.add_study("pair", [RunRequest(config=config, seed=seed, dataset=dataset) for seed in (1, 2)])
    owners = [Owner(host="here", pid=1, process_started=0.0, slot=f"cpu:0+{place}") for place in range(2)]
    return [store.claim(run_id, owner, log_path="log") for run_id, owner in zip(study.run_ids, owners, strict=True)]


def test_each_batch_and_each_scored_image_moves_the_heartbeat_of_every_run_of_the_group(quick, monkeypatch):
    assert isicbench("run", *quick, "--frozen", "--epochs", 1, "--devices", "cpu").returncode == 0
    monkeypatch.setattr(run_recording, "pause_after", lambda _: 0.0)
    monkeypatch.setattr(inference, "INFERENCE_BATCH", 1)
    store = open_store("results.db", create=False)
    scored, waits = claimed_pair(store)
    in_training, beats = [], []

    def look() -> None:
        """What the scheduler's hang watch sees while both train, and while the first run is scored and the second
        waits for its turn."""
        now, next_one = store.run(scored.id), store.run(waits.id)
        if not store.epochs([scored.id]):
            in_training.append((now.heartbeat_at, next_one.heartbeat_at))
        if len(store.epochs([waits.id]).get(waits.id, ())) == 1 and now.status is RunStatus.RUNNING:
            beats.append((now.heartbeat_at, next_one.heartbeat_at))

    ended = execute(store, [scored, waits], device=torch.device("cpu"), should_stop=lambda: False, moved=look)
    assert set(ended.values()) == {RunStatus.COMPLETED}
    steps, validation_images, test_images = 3, 3, 4
    for seen in zip(*in_training, strict=True):
        assert len(set(seen)) >= steps + validation_images
    for seen in zip(*beats, strict=True):
        assert list(seen) == sorted(seen)
        assert len(set(seen)) >= validation_images + test_images + 2 * test_images
