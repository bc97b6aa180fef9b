import json
import math
from dataclasses import fields

from rich.console import Console

from isicbench.records import EnvironmentRecord, EpochRecord, EvaluationRecord, RunRecord
from isicbench.report.contents import read_contents
from isicbench.report.json_records import (
    environment_to_json,
    epoch_to_json,
    evaluation_to_json,
    run_details_to_json,
    run_to_json,
    runs_to_json,
)
from isicbench.report.listing import runs_listing
from isicbench.report.report_json import report_to_json
from isicbench.report.run_details import RunDetails, run_details
from tests.report.study_records import (
    COLLAPSE,
    MemorySource,
    config,
    environment,
    epoch,
    epochs,
    evaluation,
    failed,
    run,
    running,
)


def strict(value: object) -> object:
    return json.loads(json.dumps(value, allow_nan=False))


def names(record: type) -> set[str]:
    return {field.name for field in fields(record)}


def test_json_has_a_key_for_every_field():
    assert set(run_to_json(run(1))) == names(RunRecord) | {"config_hash"}
    assert set(epoch_to_json(epoch(1))) == names(EpochRecord)
    assert set(evaluation_to_json(evaluation())) == names(EvaluationRecord)
    assert set(environment_to_json(environment())) == names(EnvironmentRecord)


def test_number_that_is_not_finite_is_null():
    assert strict(epoch_to_json(epoch(1, train_loss=math.nan)))["train_loss"] is None
    assert strict(epoch_to_json(epoch(1, validation_loss=math.inf)))["validation_loss"] is None


def test_run_as_json_has_iso_times_its_config_failure_and_owner():
    value = strict(run_to_json(failed(1)))
    assert value["created_at"] == "2024-05-01T12:00:00Z"
    assert value["config"] == config().to_dict()
    assert value["failure"] == {"kind": "signal", "message": "killed by signal 9", "traceback": ""}
    assert strict(run_to_json(running(2)))["owner"]["slot"] == "cpu:0"


def test_details_and_lists_carry_what_was_recorded():
    details = RunDetails(run=run(1), epochs=epochs(2), evaluations=[evaluation()], environment=environment())
    value = strict(run_details_to_json(details))
    assert [record["epoch"] for record in value["epochs"]] == [1, 2]
    assert value["environment"]["packages"]["torch"] == "2.4.0"
    [listed] = strict(runs_to_json([run(1)], {1: [evaluation()]}))
    assert listed["evaluations"][0]["iou"] == 0.5715


def test_report_as_json_holds_the_same_rows_as_the_table():
    source = MemorySource(epochs_of={1: epochs(4)}, evaluations_of={1: [evaluation()]})
    value = strict(report_to_json(read_contents(source, [run(1), failed(2, seed=1)])))
    [row] = value["tables"]["results"]
    assert (row["n"], row["runs"], row["experiment"]["mark"]) == (1, "1", "1 of 2 failed")
    assert row["iou"] == {"mean": 0.5715, "sd": None, "n": 1}
    assert [item["run"] for item in value["tables"]["runs"]] == [1, 2]


def test_listing_and_details_fit_80_columns_and_name_the_collapse():
    collapsed = run(1, diagnoses=(COLLAPSE,))
    console = Console(width=80, force_terminal=False)
    with console.capture() as listing:
        console.print(runs_listing([collapsed, failed(2, seed=1)], {1: [evaluation()]}))
    with console.capture() as details:
        console.print(
            run_details(
                RunDetails(run=collapsed, epochs=epochs(4), evaluations=[evaluation()], environment=environment())
            )
        )
    for text in (listing.get(), details.get()):
        assert max(map(len, text.splitlines())) <= 80
        assert "0.5715" in text
        assert "collapsed" in text
    assert "failed" in listing.get()
    assert "learning_rate" in details.get()
