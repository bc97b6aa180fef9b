import re
from dataclasses import replace

import pytest
from rich.console import Console

from isicbench.records import RunStatus
from isicbench.report.estimate import run_seconds_left, study_seconds_left
from isicbench.report.plain_progress import plain_lines
from isicbench.report.progress import live_view, study_counts
from isicbench.report.snapshot import Snapshot
from tests.report.study_records import COLLAPSE, config, epoch, epochs, failed, later, run, running


def shown(snapshot: Snapshot, *, width: int = 80, seconds: float = 10.0, **options: object) -> str:
    console = Console(width=width, force_terminal=False)
    with console.capture() as capture:
        console.print(live_view(snapshot, now=later(seconds), width=width, **options))
    return capture.get()


def busy_study(slots: int) -> Snapshot:
    """As many running runs as slots, six ended ones, three of them diagnosed, and two in the queue."""
    runs = [running(place, slot=f"cuda:{place}", seed=place) for place in range(1, slots + 1)]
    runs += [run(slots + place, seed=place, diagnoses=(COLLAPSE,)) for place in (1, 2, 3)]
    runs += [failed(slots + place, seed=place) for place in (4, 5, 6)]
    runs += [run(slots + place, seed=place, status=RunStatus.QUEUED) for place in (7, 8)]
    return Snapshot(runs=runs, epochs={one.id: epochs(3) for one in runs[: slots + 6]})


@pytest.mark.parametrize("width", [80, 120])
def test_live_view_shows_each_slot_within_the_width(width: int):
    runs = [
        running(1, slot="cpu:0"),
        running(2, slot="cuda:GPU-1a2b3c4d/0", seed=1, epoch=1),
        run(3, seed=2),
        failed(4, seed=3),
        run(5, seed=4, status=RunStatus.QUEUED),
    ]
    text = shown(Snapshot(runs=runs, epochs={1: epochs(1), 3: epochs(4)}), width=width)
    assert max(map(len, text.splitlines())) <= width
    assert "5 runs: 1 completed, 2 running, 1 failed, 1 queued" in " ".join(text.split())
    [slot] = [line for line in text.splitlines() if line.startswith("cpu:0")]
    for part in ("2/4", "5/10", "800"):
        assert part in slot
    assert any(line.startswith("GPU-1a2b ") for line in text.splitlines())
    assert "killed by signal 9" in text


def test_live_view_takes_the_slots_titles():
    text = shown(Snapshot(runs=[running(1, slot="cuda:GPU-1a2b/0")]), slot_titles={"cuda:GPU-1a2b/0": "cuda:3"})
    assert "cuda:3" in text


def test_silent_run_is_shown_as_silent():
    assert "silent 4 min" in " ".join(shown(Snapshot(runs=[running(1)]), seconds=240).split())


def test_collapsed_run_is_called_so_in_the_live_view():
    snapshot = Snapshot(runs=[run(1, diagnoses=(COLLAPSE,))], epochs={1: epochs(4)})
    assert "COLLAPSED" in shown(snapshot)


def test_time_left_counts_the_epoch_under_way():
    assert run_seconds_left(running(1), epochs(1), now=later(10)) == pytest.approx(25)


def test_time_left_in_the_first_epoch_comes_from_the_clock():
    first = running(1, epoch=1, step=2, steps=8)
    assert run_seconds_left(first, [], now=later(6)) == pytest.approx(6 * (4 - 0.25) / 0.25)
    assert run_seconds_left(replace(first, step=0, steps=0), [], now=later(6)) is None


def test_studys_time_left_gives_each_queued_run_to_the_slot_that_is_free_first():
    runs = [running(1), running(2, seed=1, slot="cpu:1", epoch=4, step=10)]
    runs += [run(i, seed=i, status=RunStatus.QUEUED) for i in (3, 4)]
    left = study_seconds_left(runs, {1: epochs(1), 2: epochs(3)}, now=later(10))
    # Slots are free after 25 s and 0 s; a run takes 40 s: one ends at 40 s, the other at 65 s.
    assert left == pytest.approx(65)


def test_studys_time_left_is_unknown_before_the_first_step():
    assert study_seconds_left([running(1, step=0, steps=0, epoch=0)], {}, now=later(1)) is None


def test_plain_lines_tell_each_start_epoch_and_end_once():
    queued = Snapshot(runs=[run(1, status=RunStatus.QUEUED)])
    started = Snapshot(runs=[running(1)], epochs={1: epochs(1)})
    ended = Snapshot(runs=[run(1)], epochs={1: epochs(4)})
    name = "Fine-tuning (Unfrozen Encoder), seed 0"
    assert plain_lines(queued, started, now=later(10)) == [
        f"[run 1] {name}: started on cpu:0",
        "[run 1] epoch 1/4  train 0.7000  validation 0.7000  IoU 0.2000  Dice 0.3000  800 images/s  25 s left",
    ]
    lines = plain_lines(started, ended, now=later(60))
    assert [line.split("  ")[0] for line in lines[:3]] == [f"[run 1] epoch {i}/4" for i in (2, 3, 4)]
    assert lines[3] == f"[run 1] {name}: completed in 1 min 02 s"
    assert plain_lines(ended, ended, now=later(61)) == []


def test_plain_line_of_a_failure_names_signal_and_log():
    [line] = plain_lines(Snapshot(runs=[running(1)]), Snapshot(runs=[failed(1)]), now=later(5))
    assert line.endswith("failed: killed by signal 9 (log: runs/1.log)")


def test_plain_line_of_a_collapse_says_so():
    [_, line] = plain_lines(Snapshot(), Snapshot(runs=[run(1, diagnoses=(COLLAPSE,))]), now=later(5))
    assert "completed in 1 min 02 s, but it has collapsed" in line


def test_counts_leave_out_what_is_not_there():
    assert study_counts([run(1)]) == "1 run: 1 completed"
    assert study_counts([]) == "0 runs"


def test_other_configs_cost_is_the_mean_of_those_seen():
    other = run(2, config=config(frozen=True), status=RunStatus.QUEUED)
    slow = [epoch(1, train_seconds=18.0)]
    assert study_seconds_left([running(1), other], {1: slow}, now=later(10)) == pytest.approx(20 * 2.5 + 20 * 4)


@pytest.mark.parametrize("height", [10, 16, 24, 50])
@pytest.mark.parametrize("slots", [1, 2, 4, 8, 40])
def test_live_view_leaves_a_line_of_the_terminal_free(slots: int, height: int):
    lines = shown(busy_study(slots), height=height).splitlines()
    assert len(lines) < height
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("cuda:1 ") for line in lines)


def test_two_slots_on_a_usual_terminal_show_queue_losses_endings_and_diagnoses():
    text = shown(busy_study(2))
    assert "Next: run 9, seed 7, and 1 more: Fine-tuning" in text
    assert text.count("0.4333  █▃▁") == 2
    assert text.count("0.4667  █▃▁") == 2
    assert "killed by signal 9" in text
    assert "run 5 collapsed_background: predicts (nearly) nothing" in text


def test_slots_that_do_not_fit_are_counted():
    assert "more running" in shown(busy_study(40))
    assert "more running" not in shown(busy_study(8))


def test_losses_stand_in_the_slots_lines_where_there_is_no_room_for_curves():
    lines = shown(busy_study(8)).splitlines()
    assert all("0.4333" in line for line in lines if line.startswith("cuda:"))


def test_live_view_says_the_same_without_colour():
    texts = []
    for options in ({"no_color": True, "force_terminal": True}, {"force_terminal": False}):
        console = Console(width=80, **options)
        with console.capture() as capture:
            console.print(live_view(busy_study(2), now=later(10)))
        texts.append(capture.get())
    assert re.sub(r"\x1b\[[\d;]*m", "", texts[0]) == texts[1]
    assert not re.search(r"\x1b\[[\d;]*3\dm", texts[0])


def test_plain_lines_tell_a_diagnosis_once():
    diagnosed = run(1, diagnoses=(COLLAPSE,))
    [told, _] = plain_lines(Snapshot(runs=[running(1)]), Snapshot(runs=[diagnosed]), now=later(5))
    assert told.startswith("[run 1] diagnosis collapsed_background: predicts (nearly) nothing")
    assert plain_lines(Snapshot(runs=[diagnosed]), Snapshot(runs=[diagnosed]), now=later(5)) == []
