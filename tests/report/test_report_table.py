import math
from dataclasses import replace

import pytest

from isicbench.records import Failure, RunStatus
from isicbench.report.data_table import summarise
from isicbench.report.experiments import Experiment, group_experiments
from isicbench.report.labels import experiment_labels
from isicbench.report.notes import run_notes
from isicbench.report.protocol import protocol_lines, protocol_warnings
from isicbench.report.table import result_rows
from tests.report.study_records import COLLAPSE, config, dataset, epoch, epochs, evaluation, failed, run, running


def grouped(runs, *, epochs_of=None, evaluations_of=None) -> list[Experiment]:
    done = [r.id for r in runs if r.status is RunStatus.COMPLETED]
    return group_experiments(
        runs,
        {run_id: epochs(4) for run_id in done} | (epochs_of or {}),
        {run_id: [evaluation()] for run_id in done} | (evaluations_of or {}),
    )


def test_losses_are_those_of_the_last_epoch_of_the_run_whose_scores_stand_beside_them():
    shuffled = [epoch(3, train_loss=0.3), epoch(4, train_loss=0.1234, validation_loss=0.25), epoch(1, train_loss=0.9)]
    [row] = result_rows(grouped([run(1)], epochs_of={1: shuffled}))
    assert row.cells == ("0.5715", "0.7118", "0.1234", "0.2500")
    assert row.run_ids == (1,)
    assert row.mark == ""


def test_several_seeds_give_mean_sample_deviation_and_n():
    runs = [run(1, seed=0), run(2, seed=1), run(3, seed=2)]
    scores = {i: [evaluation(iou=value)] for i, value in zip((1, 2, 3), (0.5, 0.6, 0.7), strict=True)}
    [row] = result_rows(grouped(runs, evaluations_of=scores))
    assert row.cells[0] == "0.6000 ± 0.1000"
    assert (row.n, row.seeds, row.run_ids) == (3, (0, 1, 2), (1, 2, 3))


def test_one_value_has_no_deviation_and_none_has_no_mean():
    assert summarise([0.5]).sd is None
    assert summarise([]) is None


def test_every_experiment_keeps_its_row_whatever_became_of_its_runs():
    rates = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
    configs = [config(learning_rate=rate) for rate in rates]
    runs = [
        run(1, config=configs[0]),
        failed(2, config=configs[1]),
        run(3, config=configs[2], status=RunStatus.DIVERGED),
        run(4, config=configs[3], status=RunStatus.INTERRUPTED),
        run(5, config=configs[4], status=RunStatus.QUEUED),
        running(6, config=configs[5]),
    ]
    rows = result_rows(grouped(runs, epochs_of={3: epochs(2), 6: epochs(1)}))
    marks = ["", "failed", "diverged", "interrupted", "queued", "running, epoch 2 of 4"]
    assert [row.mark for row in rows] == marks
    assert all(row.cells == ("–",) * 4 for row in rows[1:])


def test_failed_run_is_named_with_its_signal_and_log():
    assert run_notes(grouped([failed(7)])) == [
        "Run 7 (Fine-tuning (Unfrozen Encoder), seed 0) failed: killed by signal 9 (log: runs/7.log)."
    ]


def test_failure_of_many_lines_is_told_in_its_first():
    failure = Failure(kind="exception", message="\nRuntimeError: out of memory\nmore\x1b[31m")
    [note] = run_notes(grouped([run(1, status=RunStatus.FAILED, failure=failure, log_path="")]))
    assert note.endswith("failed: RuntimeError: out of memory.")


def test_seed_that_failed_leaves_the_mean_to_the_others_and_marks_the_row():
    [row] = result_rows(grouped([run(1, seed=0), failed(2, seed=1), run(3, seed=2)]))
    assert row.run_ids == (1, 3)
    assert row.mark == "1 of 3 failed"


def test_repeated_seed_counts_once_with_its_newest_completed_run():
    runs = [run(1), failed(2), run(3), failed(4)]
    experiments = grouped(runs, evaluations_of={1: [evaluation(iou=0.1)], 3: [evaluation(iou=0.3)]})
    [row] = result_rows(experiments)
    assert (row.run_ids, row.cells[0], row.mark) == ((3,), "0.3000", "")
    notes = run_notes(experiments)
    assert [note.split(" ")[1] for note in notes] == ["1", "2", "4"]
    assert all(note.endswith("run 3 of the same seed stands in its place.") for note in notes)


def test_collapsed_run_is_marked_and_its_scores_stay():
    collapsed = run(1, diagnoses=(COLLAPSE,))
    [row] = result_rows(grouped([collapsed], evaluations_of={1: [evaluation(iou=0.0)]}))
    assert (row.mark, row.cells[0]) == ("collapsed", "0.0000")
    [row] = result_rows(grouped([collapsed, run(2, seed=1)]))
    assert row.mark == "1 of 2 collapsed"


@pytest.mark.parametrize(
    "other",
    [
        {"split": "validation"},
        {"resolution": "original"},
        {"threshold": 0.3},
        {"dataset_fingerprint": "f" * 64},
    ],
)
def test_scores_of_another_split_resolution_threshold_or_dataset_never_enter_the_table(other):
    [row] = result_rows(grouped([run(1)], evaluations_of={1: [evaluation(iou=0.9, **other), evaluation()]}))
    assert row.cells[0] == "0.5715"
    [row] = result_rows(grouped([run(1)], evaluations_of={1: [evaluation(iou=0.9, **other)]}))
    assert row.mark == "completed without scores"


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_loss_that_is_not_finite_gives_no_row_of_figures_but_a_note(loss):
    experiments = grouped([run(1)], epochs_of={1: [epoch(4, validation_loss=loss)]})
    assert result_rows(experiments)[0].n == 0
    assert "has no finite losses or scores" in run_notes(experiments)[0]


def test_queued_runs_share_a_line():
    runs = [run(i, seed=i, status=RunStatus.QUEUED) for i in (3, 4, 5, 9)]
    assert run_notes(grouped(runs)) == ["Runs 3-5, 9 (Fine-tuning (Unfrozen Encoder)): queued."]


def test_namesakes_are_told_apart_by_the_fields_in_which_they_differ():
    one, two, frozen = config(), config(learning_rate=1e-4, epochs=8), config(frozen=True)
    labels = experiment_labels([run(1, config=one), run(2, config=two), run(3, config=frozen)])
    assert labels == {
        one.config_hash: "Fine-tuning (Unfrozen Encoder), epochs 4, lr 0.001",
        two.config_hash: "Fine-tuning (Unfrozen Encoder), epochs 8, lr 0.0001",
        frozen.config_hash: "Feature Extraction (Frozen Encoder)",
    }


def test_hash_is_shown_only_where_the_name_beside_it_is_the_same():
    a, b = config(weights="a.pth", weights_sha256="a" * 64), config(weights="b.pth", weights_sha256="b" * 64)
    assert experiment_labels([run(1, config=a), run(2, config=b)])[a.config_hash].endswith(", weights a.pth")
    again = replace(a, weights_sha256="c" * 64)
    assert "aaaaaaaaaaaa" in experiment_labels([run(1, config=a), run(2, config=again)])[a.config_hash]


def test_protocol_names_all_conditions_in_one_line():
    frozen = config(frozen=True, weights="imagenet1k_v1", weights_sha256="b" * 64)
    runs = [run(1, config=frozen), run(2, config=replace(frozen, frozen=False), seed=3)]
    experiments = grouped(runs)
    [line] = protocol_lines(experiments, {dataset().fingerprint: dataset()})
    assert line.labels == ()
    for part in (
        "dataset synthetic (fingerprint 0123456789ab, 200 train and 60 test images)",
        "validated on 10% of train, held out (split seed 0)",
        "weights imagenet1k_v1 (sha256 bbbbbbbbbbbb)",
        "4 epochs, 128 x 128 px, batch 32, lr 0.001",
        "threshold 0.5, precision fp32;",
        "seeds 0, 3",
    ):
        assert part in line.text
    assert protocol_warnings(experiments) == []


def test_protocol_says_what_departs_from_the_usual_way_of_computing():
    frozen = config(frozen=True, precision="bf16", data_seed=4, compile=True)
    [line] = protocol_lines(grouped([run(1, config=frozen)]), {})
    assert "precision bf16, compiled, data seed 4;" in line.text


def test_distinct_protocols_have_a_line_each_that_names_its_experiments():
    experiments = grouped([run(1), run(2, config=config(epochs=8))])
    assert [line.labels for line in protocol_lines(experiments, {})] == [(e.label,) for e in experiments]


def test_validation_on_the_test_set_is_said_aloud():
    experiments = grouped([run(1, config=config(validate_on="test"))])
    [warning] = protocol_warnings(experiments)
    assert warning.startswith("Validated on the test set: the validation figures of every experiment")
    assert "VALIDATED ON THE TEST SET" in protocol_lines(experiments, {})[0].text


def test_rows_of_different_sizes_or_thresholds_carry_a_warning():
    experiments = grouped([run(1), run(2, config=config(image_size_px=256))])
    assert protocol_warnings(experiments) == [
        "The rows were not measured alike (size 128 px / size 256 px): compare them with care."
    ]


def test_scored_images_that_were_trained_on_are_warned_of_with_their_runs():
    scores = {1: [evaluation(seen_in_training=12, image_count=379)], 2: [evaluation(seen_in_training=0)]}
    experiments = grouped([run(1), run(2, seed=1)], evaluations_of=scores)
    assert protocol_warnings(experiments) == [
        "12 of 379 test images were in the training images, so these scores are too high (run 1)."
    ]
