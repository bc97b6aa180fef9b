"""Figures are those of the epoch whose weights count, and the report says which that is."""

import pytest

from isicbench.report.contents import read_contents
from isicbench.report.labels import experiment_labels
from tests.report.study_records import MemorySource, config, epoch, evaluation, run

DICE = (0.3, 0.6, 0.6, 0.5)
"""By epoch; the second and third are equal, and the third has the lower loss."""
EPOCHS = [epoch(number, validation_dice=dice) for number, dice in enumerate(DICE, start=1)]


@pytest.mark.parametrize(("keep", "place"), [("last", 3), ("best", 2)])
def test_losses_are_those_of_the_epoch_that_was_scored(keep, place):
    source = MemorySource(epochs_of={1: EPOCHS}, evaluations_of={1: [evaluation()]})
    contents = read_contents(source, [run(1, config=config(keep=keep))])
    assert contents.rows[0].train_loss.mean == EPOCHS[place].train_loss
    assert contents.rows[0].validation_loss.mean == EPOCHS[place].validation_loss
    assert any("--keep best" in line for line in contents.score_lines) == (keep == "best")


def test_a_run_that_stopped_early_is_named_and_not_taken_for_one_that_lacks_epochs():
    source = MemorySource(epochs_of={1: EPOCHS}, evaluations_of={1: [evaluation()]})
    contents = read_contents(source, [run(1, config=config(patience=1, epochs=9))])
    assert any("run 1 after epoch 4 of 9" in line for line in contents.score_lines)
    assert contents.notes == ()
    assert "patience 1" in contents.protocols[0].text


def test_what_is_not_asked_for_is_said_in_words():
    runs = [run(1, config=config()), run(2, config=config(ema_decay=0.9, patience=2))]
    labels = experiment_labels(runs).values()
    assert [label.partition(", ")[2] for label in labels] == [
        "no averaged weights, no early stop",
        "averaged weights, decay 0.9, patience 2",
    ]
