"""TensorBoard's event files, a folder a run."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isicbench.exporting.extras import require_package
from isicbench.exporting.tracked_runs import TrackedRun, finite_figures

if TYPE_CHECKING:
    from tensorboard.compat.proto.event_pb2 import Event

KEPT_IN_NAMES = "-_.,() "
LONGEST_NAME = 50


def write_events(runs: Sequence[TrackedRun], folder: Path) -> None:
    """For each run its settings (tab HPARAMS), figures by epoch (`epochs/...`), and test scores (`test/...`).

    An event's time is when the epoch ended. Neither the machine nor the moment of writing is in the files: the same
    runs give the same bytes.
    """
    require_package("tensorboard", package="tensorboard", wanted_for="tensorboard")
    from tensorboard.summary.writer.record_writer import RecordWriter

    for tracked in runs:
        place = folder / folder_name(tracked)
        place.mkdir()
        with (place / f"events.out.tfevents.{int(tracked.began.timestamp())}.isicbench").open("wb") as file:
            writer = RecordWriter(file)
            for event in _events(tracked):
                writer.write(event.SerializeToString())


def folder_name(tracked: TrackedRun) -> str:
    """The run's title as a folder's name on any system; its number keeps it apart from all others."""
    run = tracked.run
    title = "".join(c if c.isalnum() or c in KEPT_IN_NAMES else "_" for c in tracked.experiment)
    return f"{run.id:05d} {title[:LONGEST_NAME].strip(' .')} seed {run.seed}"


def _events(tracked: TrackedRun) -> "Iterator[Event]":
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.plugins.hparams.summary_v2 import hparams_pb

    began = tracked.began.timestamp()
    yield Event(wall_time=began, file_version="brain.Event:2")
    settings = {name: _setting(value) for name, value in tracked.settings.items()}
    summary = hparams_pb(settings, trial_id=tracked.run.uid, start_time_secs=began)
    yield Event(wall_time=began, step=0, summary=summary)
    moment, step = began, 0
    for ended, epoch in tracked.moments():
        moment, step = ended.timestamp(), epoch.epoch
        for name, value in finite_figures(epoch).items():
            yield _scalar(f"epochs/{name}", value, step=step, moment=moment)
    for name, value in tracked.test_scores.items():
        yield _scalar(f"test/{name}", value, step=step, moment=moment)


def _scalar(tag: str, value: float, *, step: int, moment: float) -> "Event":
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary

    return Event(wall_time=moment, step=step, summary=Summary(value=[Summary.Value(tag=tag, simple_value=value)]))


def _setting(value: Any) -> bool | float | str:
    """TensorBoard knows flags, numbers and text."""
    return value if isinstance(value, bool | int | float | str) else str(value)
