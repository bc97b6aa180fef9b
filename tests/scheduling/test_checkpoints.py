"""Checkpoint files: whole, sound, of the right run, and as few as needed."""

from pathlib import Path

import pytest
import torch

from isicbench.records import RunRecord
from isicbench.scheduling.checkpoints import (
    CheckpointClock,
    checkpoint_files,
    find_continuation,
    load_checkpoint,
    remove_checkpoints,
    save_checkpoint,
)
from isicbench.scheduling.run_folder import run_folder
from isicbench.store.store import Store, open_store
from isicbench.training.state import FiguresState, LearnerState, TrainingState
from tests.store.store_records import epoch, queue, request, start


@pytest.fixture
def store() -> Store:
    return open_store("results.db")


@pytest.fixture
def run(store) -> RunRecord:
    [run_id] = queue(store)
    return store.run(run_id)


def state(epoch: int = 2, step: int = 5, weight: float = 0.1) -> TrainingState:
    moments = {"step": torch.tensor(7.0), "exp_avg": torch.tensor([0.3]), "exp_avg_sq": torch.tensor([0.4])}
    return TrainingState(
        epoch=epoch,
        step=step,
        generator=torch.Generator().manual_seed(3).get_state(),
        learner=LearnerState({"layer.weight": torch.tensor([weight])}, [moments]),
        figures=FiguresState(images=20, total=1 / 3, largest_norm=0.7, last_loss=float("nan"), last_norm=0.5),
        seconds=1.25,
    )


def test_what_is_saved_is_loaded_to_the_last_bit(run, tmp_path):
    save_checkpoint(tmp_path / "run", run, state())
    loaded = load_checkpoint(tmp_path / "run", run)
    assert repr(loaded.to_values()) == repr(state().to_values())
    assert (loaded.position, loaded.figures.total) == ((2, 5), 1 / 3)
    assert torch.equal(loaded.generator, state().generator)


def test_the_one_before_stays_and_older_ones_go(run, tmp_path):
    for step in (9, 10, 11):
        save_checkpoint(tmp_path, run, state(step=step))
    save_checkpoint(tmp_path, run, state(epoch=3, step=0))
    assert [path.name for path in checkpoint_files(tmp_path)] == [
        "checkpoint-00003-0000000.pt",
        "checkpoint-00002-0000011.pt",
    ]
    remove_checkpoints(tmp_path)
    assert list(tmp_path.glob("*.pt")) == []


def test_what_a_killed_writer_left_goes_with_the_next_checkpoint(run, tmp_path):
    left = tmp_path / "checkpoint-00001-0000001.4711.tmp"
    left.write_bytes(b"half")
    assert load_checkpoint(tmp_path, run) is None
    save_checkpoint(tmp_path, run, state())
    assert not left.exists()


def test_a_full_disk_raises_and_leaves_the_checkpoint_before(run, tmp_path, monkeypatch):
    folder = tmp_path / "run"
    before = save_checkpoint(folder, run, state(step=1))
    with monkeypatch.context() as full:

        def refuse(_descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        full.setattr("os.fsync", refuse)
        with pytest.raises(OSError, match="No space"):
            save_checkpoint(folder, run, state(step=2))
    assert list(folder.iterdir()) == [before]


@pytest.mark.parametrize("fault", ["cut off", "changed", "empty", "another file"])
def test_a_damaged_checkpoint_gives_way_to_the_one_before(run, tmp_path, fault):
    save_checkpoint(tmp_path, run, state(step=1))
    newest = save_checkpoint(tmp_path, run, state(step=2))
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 1
    damaged = {"cut off": newest.read_bytes()[:-1], "changed": content, "empty": b"", "another file": b"PK" * 500}
    newest.write_bytes(damaged[fault])
    assert load_checkpoint(tmp_path, run).position == (2, 1)


def test_a_checkpoint_of_another_seed_or_config_is_not_taken(store, run, tmp_path):
    [other] = queue(store, request(seed=1))
    save_checkpoint(tmp_path, run, state())
    assert load_checkpoint(tmp_path, store.run(other)) is None
    assert load_checkpoint(tmp_path, run) is not None


def test_a_checkpoint_holds_nothing_that_runs_code(run, tmp_path):
    """A pickle that would call something is refused although its hash is right."""
    import hashlib
    import io

    from isicbench.scheduling.checkpoints import FORMAT

    class Harmful:
        def __reduce__(self):
            return (Path("harmed").touch, ())

    file = io.BytesIO()
    torch.save({"config_hash": Harmful()}, file)
    payload = file.getvalue()
    content = FORMAT + hashlib.sha256(payload).hexdigest().encode() + b"\n" + payload
    (tmp_path / "checkpoint-00001-0000001.pt").write_bytes(content)
    assert load_checkpoint(tmp_path, run) is None
    assert not Path("harmed").exists()


def test_a_run_without_a_checkpoint_goes_on_from_the_attempt_that_it_retries(store, run):
    from isicbench.records import Failure, RunStatus

    start(store, run.id)
    store.record_epoch(run.id, epoch(1))
    save_checkpoint(run_folder(store.folder, run), run, state(epoch=2, step=1))
    store.finish(run.id, RunStatus.FAILED, failure=Failure(kind="signal", message="killed"))
    [attempt] = store.retry_dead(1, kinds=["signal"], retries=1)
    found = find_continuation(store, store.run(attempt))
    assert (found.state.position, found.attempt.id, found.epochs_kept) == ((2, 1), run.id, 1)


def test_a_checkpoint_whose_epochs_the_database_lacks_is_of_no_use(store, run):
    save_checkpoint(run_folder(store.folder, run), run, state(epoch=2, step=1))
    assert find_continuation(store, run) is None
    remove_checkpoints(run_folder(store.folder, run))
    save_checkpoint(run_folder(store.folder, run), run, state(epoch=1, step=1))
    assert find_continuation(store, run).epochs_kept == 0


def test_checkpoints_within_an_epoch_are_due_by_time_and_at_its_end_by_cost():
    now = 0.0
    clock = CheckpointClock(minutes=10, now=lambda: now)
    assert clock.is_due(epoch_ended=True)
    assert not clock.is_due(epoch_ended=False)
    now = 600.0
    assert clock.is_due(epoch_ended=False)
    now = 601.0
    clock.saved(began=600.0)
    now = 601.0 + 19
    assert not clock.is_due(epoch_ended=True)
    now = 601.0 + 20
    assert clock.is_due(epoch_ended=True)


def test_zero_minutes_save_every_step():
    clock = CheckpointClock(minutes=0, now=lambda: 5.0)
    clock.saved(began=0.0)
    assert clock.is_due(epoch_ended=False)
    assert clock.is_due(epoch_ended=True)
