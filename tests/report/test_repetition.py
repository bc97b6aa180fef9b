"""When a repetition agrees with its run."""

import math
from dataclasses import replace

import pytest

from isicbench.errors import NotReproducedError
from isicbench.report.repetition import RunFigures, compare_repetition, repetition_table
from tests.report.study_records import environment, epoch, evaluation, run

FIRST = RunFigures(
    run=run(1),
    epochs=[epoch(1), epoch(2, validation_loss=math.nan)],
    evaluations=[evaluation(), evaluation(resolution="original"), evaluation(dice=0.1, final=False)],
    environment=environment(),
)


def again(**changes) -> RunFigures:
    return replace(FIRST, run=run(2), **changes)


def test_equal_figures_agree_also_those_that_are_no_numbers():
    found = compare_repetition(FIRST, again())
    found.require()
    assert len(found.pairs) == 2 * 4 + 2 * 2
    assert found.sentence == "Run 1 and its repetition, run 2, agree to the last bit: 12 figures."


def test_last_bit_counts_on_the_same_machine_and_not_on_another():
    other_bit = math.nextafter(evaluation().dice, 1)
    changed = [evaluation(dice=other_bit), evaluation(resolution="original")]
    here = compare_repetition(FIRST, again(evaluations=changed))
    with pytest.raises(NotReproducedError, match="allowed is no difference") as raised:
        here.require()
    assert raised.value.exit_code == 13
    elsewhere = compare_repetition(FIRST, again(evaluations=changed, environment=environment(threads=4)))
    elsewhere.require()
    assert elsewhere.others == ("threads",)
    assert "agree within the tolerance (other threads): 1 of 12 figures differ" in elsewhere.sentence


@pytest.mark.parametrize(("change", "agrees"), [(0.019, True), (0.021, False), (math.nan, False)])
def test_on_another_machine_the_tolerance_decides(change, agrees):
    changed = [epoch(1, train_loss=epoch(1).train_loss + change), FIRST.epochs[1]]
    found = compare_repetition(FIRST, again(epochs=changed, environment=environment(device="other")))
    assert (not found.beyond) is agrees


def test_epoch_that_is_missing_is_a_difference():
    found = compare_repetition(FIRST, again(epochs=FIRST.epochs[:1], environment=environment(host="elsewhere")))
    assert [pair.figure for pair in found.beyond] == ["train_loss", "validation_loss", "iou", "dice"]


def test_table_has_a_row_an_epoch_and_one_a_resolution():
    changed = [epoch(1, validation_dice=epoch(1).validation_dice + 0.5), FIRST.epochs[1]]
    table = repetition_table(compare_repetition(FIRST, again(epochs=changed)))
    assert table.rows == (
        ("epoch 1", "0", "0", "0", "+5.0e-01"),
        ("epoch 2", "0", "0", "0", "0"),
        ("test, input size", None, None, "0", "0"),
        ("test, original size", None, None, "0", "0"),
    )
