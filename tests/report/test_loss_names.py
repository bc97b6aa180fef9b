"""A loss is called what it is: the training loss by its name, that of validation cross-entropy always."""

import pytest

from isicbench.config import LOSSES
from isicbench.report.contents import read_contents
from isicbench.report.experiments import group_experiments
from isicbench.report.html.epoch_charts import epoch_charts
from isicbench.report.html.series import Series
from isicbench.report.labels import LOSS_NAMES, losses_label
from isicbench.report.layout import Layout
from isicbench.report.report_tables import report_tables
from tests.report.study_records import MemorySource, config, epochs, evaluation, run


def study(*losses: str):
    runs = [run(number, config=config(loss=loss)) for number, loss in enumerate(losses, start=1)]
    return MemorySource(
        epochs_of={found.id: epochs(3) for found in runs}, evaluations_of={found.id: [evaluation()] for found in runs}
    ), runs


def test_every_loss_has_a_name():
    assert set(LOSS_NAMES) == set(LOSSES)


@pytest.mark.parametrize(
    ("losses", "label"),
    [
        (("bce",), "Binary cross-entropy"),
        (("dice",), "Dice loss"),
        (("lovasz", "bce"), "Each experiment's own loss"),
        (("lesion-nets:weighted_bce",), "Loss lesion-nets:weighted_bce"),
    ],
)
def test_charts_of_losses_name_them(losses, label):
    source, runs = study(*losses)
    experiments = group_experiments(runs, source.epochs([found.id for found in runs]), {})
    series = [Series(place=index, experiment=found, shown=True) for index, found in enumerate(experiments)]
    train, validation, *_ = epoch_charts(series)
    assert (train.y_label, validation.y_label) == (label, "Binary cross-entropy")


def test_only_a_cross_entropy_is_printed_in_nats():
    for losses, units in ((("bce", "bce"), ["nats", "nats"]), (("bce", "focal"), ["", "nats"])):
        table = report_tables(read_contents(*study(*losses)), Layout())["results"]
        assert [column.print_unit for column in table.columns if column.key.endswith("loss")] == units


def test_an_axis_of_both_losses_names_both():
    assert losses_label(config()) == "Loss (binary cross-entropy)"
    assert losses_label(config(loss="dice")) == "Train: Dice loss\nValidation: binary cross-entropy"
    assert losses_label(config(loss="a:b")) == "Train: loss a:b\nValidation: binary cross-entropy"
