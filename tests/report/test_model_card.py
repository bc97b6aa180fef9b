"""The model card says what the database holds, what was not tested, and nothing that a name could slip in."""

import json

import pytest

from isicbench.errors import ConfigError
from isicbench.records import CostRecord
from isicbench.report.model_card import render_card
from tests.browser.pages import HOSTILE, large_study
from tests.report.study_records import FINGERPRINT, config, evaluation, failed, run


@pytest.fixture(scope="module")
def hostile():
    """The card of three seeds of an experiment that is named like a script, and then some."""
    source, runs = large_study({"Frozen": 0.2, HOSTILE: 0.75})
    runs = [one for one in runs if one.experiment == HOSTILE]
    source.costs_of[runs[0].id] = CostRecord(parameters=3_700_000, gflops=0.24, latency_ms=17.5, latency_on="a CPU")
    elsewhere = evaluation(dataset_fingerprint="f" * 64, final=False, dice=0.3131)
    source.evaluations_of[runs[1].id].append(elsewhere)
    return render_card(source, runs)


def front_matter(card: str) -> dict[str, object]:
    opening, front, _ = card.split("---\n", 2)
    assert opening == ""
    return {key: json.loads(value) for key, value in (line.split(": ", 1) for line in front.splitlines())}


def test_front_matter_is_that_of_a_model_card(hostile):
    front = front_matter(hostile)
    assert (front["pipeline_tag"], front["license"], front["datasets"]) == (
        "image-segmentation",
        "unknown",
        ["synthetic"],
    )
    [index] = front["model-index"]
    assert index["name"] == HOSTILE
    metrics = {metric["type"]: metric["value"] for metric in index["results"][0]["metrics"]}
    assert metrics["dice"] == pytest.approx(0.75, abs=0.05)


def test_card_tells_data_scores_limits_costs_and_how_to_reproduce(hostile):
    for expected in (
        f"`{FINGERPRINT}`",
        "Licence of the images: CC0",
        "95% interval",
        "must not be used on patients",
        "It was trained with 3 seeds",
        "skin tone",
        "| Latency, batch of 1, CPU (ms) | 17.5 |",
        "torch 2.4.0",
        "isicbench run --fine-tuned",
        "| – | ffffffffffff | test | input | 0.5 | 60 | 0.5715 | 0.3131 |",
    ):
        assert expected in hostile, expected
    assert "no other dataset was tried" not in hostile
    assert "secret-host" not in hostile


def test_names_are_escaped(hostile):
    body = hostile.split("---\n", 2)[2]
    assert "\n# \\<script\\>alert(1)\\</script\\>\n" in body
    assert "<script>" not in body.replace(f"'{HOSTILE}'", "")  # the command, in a block of code, names it as it is


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        ([run(1), run(2, config=config(frozen=True))], "fits 2"),
        ([failed(1)], "no completed run"),
        ([run(1, config=config(predictions_sha256="a" * 64, encoder="external"))], "masks of another tool"),
    ],
    ids=["two", "failed", "external"],
)
def test_card_of_what_is_no_trained_network_is_refused(runs, message):
    source, _ = large_study({"Frozen": 0.2})
    with pytest.raises(ConfigError, match=message):
        render_card(source, runs)
