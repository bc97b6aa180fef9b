"""Comparing experiments from their records: which images, which pairs, and what is said."""

import json

import numpy as np
import pytest
from rich.console import Console

from isicbench.errors import ConfigError, DataError
from isicbench.evaluation.scales import Metric
from isicbench.records import EvaluationRecord, ImageScore
from isicbench.report.comparison import EVERY_PAIR_UP_TO
from isicbench.report.comparison_json import comparison_to_json
from isicbench.report.comparison_of_names import compare_named
from isicbench.report.comparison_tables import comparison_report
from isicbench.report.contents import read_contents
from isicbench.report.markdown import escape_markdown, render_markdown
from isicbench.report.report_pictures import FigurePaths
from isicbench.report.terminal import render_terminal
from tests.report.study_records import MemorySource, config, epochs, evaluation, failed, run

FROZEN, TUNED = config(frozen=True), config()
RNG = np.random.default_rng(4)
EASE = RNG.beta(4, 2, 60) * 0.8


def scores(mean: float, *, count: int = 60, first: int = 0, lesion: int = 400, **changes) -> EvaluationRecord:
    """An evaluation whose images have the common ease, some noise, and the mean in addition."""
    dice = (EASE[:count] + RNG.normal(0, 0.03, count) + mean).clip(0, 1)
    made = tuple(_image(first + place, float(value), lesion) for place, value in enumerate(dice))
    return evaluation(image_scores=made, dice=float(dice.mean()), image_count=count, **changes)


def _image(place: int, dice: float, lesion: int) -> ImageScore:
    hits = round(lesion * dice)
    return ImageScore(
        image_id=f"ISIC_{place:07d}",
        iou=dice / (2 - dice),
        dice=dice,
        true_positives=hits,
        false_positives=lesion - hits,
        false_negatives=lesion - hits,
        true_negatives=9_000,
    )


def study(*evaluations, configs=None):
    """A run each, of the config at its place (frozen, then fine-tuned, by default)."""
    configs = configs or [FROZEN, TUNED]
    runs = [run(place, config=configs[place - 1], seed=place) for place in range(1, len(evaluations) + 1)]
    source = MemorySource(
        epochs_of={r.id: epochs(4) for r in runs},
        evaluations_of={r.id: [made] for r, made in zip(runs, evaluations, strict=True)},
    )
    return source, runs


def compared(source, runs, *names, metric=Metric.DICE, split="test", resolution=None):
    return compare_named(source, runs, names=names, metric=metric, split=split, resolution=resolution)


def shown(renderable, *, width=100) -> str:
    console = Console(width=width, force_terminal=False)
    with console.capture() as capture:
        console.print(renderable)
    return " ".join(capture.get().split())


def test_clear_difference_of_two_trainings_is_said_with_its_limits():
    contents = compared(*study(scores(0.0), scores(0.15)), "Fine-tuning", "Feature")
    [pair] = contents.pairs
    low, high = pair.comparison.interval.low, pair.comparison.interval.high
    assert pair.sentence == (
        "Fine-tuning (Unfrozen Encoder) is better than Feature Extraction (Frozen Encoder): "
        f"Dice {contents.means[0].mean:.3f} against {contents.means[1].mean:.3f}, difference "
        f"{pair.comparison.difference:.3f} (95% interval {low:.3f} to {high:.3f}), p < 0.001, 60 images, 1 seed each: "
        "it holds for these two trainings, not for training in general."
    )


def test_no_difference_is_said_with_what_would_have_been_shown():
    contents = compared(*study(scores(0.0), scores(0.0)))
    [pair] = contents.pairs
    assert pair.sentence.startswith(
        "No difference shown between Feature Extraction (Frozen Encoder) and Fine-tuning (Unfrozen Encoder) "
        "with 60 images and 1 seed each: Dice 0."
    )
    smallest = pair.comparison.smallest_difference
    assert pair.sentence.endswith(f"; a difference of {smallest:.3f} would have been shown with 80% power.")


def test_several_pairs_are_corrected_and_the_correction_is_named():
    configs = [FROZEN, TUNED, config(learning_rate=0.1)]
    contents = compared(*study(scores(0.0), scores(0.15), scores(0.0), configs=configs))
    assert [(pair.a, pair.b) for pair in contents.pairs] == [(0, 1), (0, 2), (1, 2)]
    assert contents.tests == 3
    assert all("after Holm's correction over 3 pairs" in pair.sentence for pair in contents.pairs)


def test_seeds_of_one_experiment_are_taken_together():
    configs = [FROZEN, FROZEN, FROZEN, TUNED]
    contents = compared(*study(scores(0.0), scores(0.02), scores(0.01), scores(0.2), configs=configs))
    assert [(line.seeds, line.run_ids) for line in contents.means] == [((1, 2, 3), (1, 2, 3)), ((4,), (4,))]
    [pair] = contents.pairs
    assert (pair.comparison.seeds_a, pair.comparison.seeds_b) == (3, 1)
    assert "3 and 1 seed: Fine-tuning (Unfrozen Encoder) is one training" in pair.sentence


def test_images_that_one_side_lacks_are_left_out_and_counted():
    contents = compared(*study(scores(0.0), scores(0.1, count=50, first=20)))
    [pair] = contents.pairs
    assert (pair.comparison.image_count, pair.left_out) == (40, 30)
    assert "30 images left out" in contents.notes[0]


def test_another_dataset_with_the_same_masks_is_compared_and_with_others_refused():
    other = {"dataset_fingerprint": "f" * 64}
    configs = [config(frozen=True, dataset_fingerprint="f" * 64), TUNED]
    same = compared(*study(scores(0.0, **other), scores(0.1), configs=configs))
    assert same.pairs[0].comparison.image_count == 60
    with pytest.raises(
        DataError, match=r"datasets differ \(fingerprints ffffffffffff and 0123456789ab\), and 60 of 60"
    ):
        compared(*study(scores(0.0, lesion=380, **other), scores(0.1), configs=configs))


def test_no_common_image_is_refused():
    with pytest.raises(DataError, match="no image in common"):
        compared(*study(scores(0.0), scores(0.1, first=500)))


def test_refused_pair_stands_beside_those_that_can_be_compared():
    configs = [FROZEN, TUNED, config(learning_rate=0.1)]
    contents = compared(*study(scores(0.0), scores(0.1), scores(0.1, first=500), configs=configs))
    assert [pair.comparison is None for pair in contents.pairs] == [False, True, True]
    assert contents.tests == 1
    assert "are not compared: they have no image in common." in contents.pairs[1].sentence
    assert "not compared" in shown(comparison_report(contents))


def test_original_resolution_is_taken_where_every_experiment_has_it():
    source, runs = study(scores(0.0), scores(0.1))
    source.evaluations_of[1].append(scores(0.0, resolution="original"))
    assert compared(source, runs).resolution == "training"
    source.evaluations_of[2].append(scores(0.1, resolution="original"))
    assert compared(source, runs).resolution == "original"
    assert compared(source, runs, resolution="training").resolution == "training"


def test_metric_that_was_not_computed_is_one_clear_error():
    with pytest.raises(DataError, match="for want of hausdorff95_px image by image on the test images"):
        compared(*study(scores(0.0), scores(0.1)), metric=Metric.HAUSDORFF95_PX)


def test_run_without_image_scores_is_left_out_with_a_note():
    source, runs = study(scores(0.0), evaluation(), scores(0.1), configs=[FROZEN, FROZEN, TUNED])
    contents = compared(source, runs)
    assert contents.means[0].run_ids == (1,)
    assert "run 2 left out" in contents.notes[0]


def test_of_many_experiments_each_is_compared_with_the_best_and_corrected_for_all_pairs():
    total = EVERY_PAIR_UP_TO + 1
    configs = [config(learning_rate=10.0**-place) for place in range(total)]
    means = [0.1 if place == 5 else 0.0 for place in range(total)]
    contents = compared(*study(*map(scores, means), configs=configs))
    assert {pair.a for pair in contents.pairs} == {5}
    assert len(contents.pairs) == total - 1
    assert contents.tests == total * (total - 1) // 2
    assert "each is compared with the best only" in contents.notes[-1]


def test_different_sizes_at_the_training_resolution_are_remarked_on():
    contents = compared(*study(scores(0.0), scores(0.1), configs=[FROZEN, config(image_size_px=256)]))
    assert "Scored at different sizes (128, 256 px)" in contents.notes[0]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["Unknown", "1"], "there is no experiment 'Unknown'"),
        (["encoder", "1"], "'encoder' fits 2 experiments"),
        (["Frozen", "Feature"], "named twice"),
        (["Frozen"], "nothing to compare Feature"),
        (["3", "1"], "run 3 is no completed run"),
        (["77", "1"], "run 77 is no completed run"),
    ],
)
def test_name_that_fits_no_single_experiment_lists_what_there_is(names, message):
    source, runs = study(scores(0.0), scores(0.1))
    with pytest.raises(ConfigError, match=message) as error:
        compared(source, [*runs, failed(3, config=config(learning_rate=0.1))], *names)
    assert "Feature Extraction (Frozen Encoder) (runs 1)" in error.value.hint


def test_numbers_name_single_runs():
    source, runs = study(scores(0.0), scores(0.02), scores(0.2), configs=[FROZEN, FROZEN, TUNED])
    contents = compared(source, runs, "2", "1")
    assert contents.means[0].label == "Run 2 (Feature Extraction (Frozen Encoder), seed 2)"
    assert [line.run_ids for line in contents.means] == [(2,), (1,)]


def test_too_many_unnamed_experiments_must_be_named():
    configs = [config(learning_rate=10.0**-place) for place in range(21)]
    with pytest.raises(ConfigError, match="there are 21 experiments; name those to compare"):
        compared(*study(*[evaluation()] * 21, configs=configs))


def test_nothing_to_compare_says_what_to_type():
    with pytest.raises(ConfigError, match="not two experiments") as error:
        compared(MemorySource(), [])
    assert "isicbench run" in error.value.hint


@pytest.mark.parametrize("width", [80, 120])
def test_tables_fit_the_screen_and_hold_every_figure(width):
    contents = compared(*study(scores(0.0), scores(0.15)))
    console = Console(width=width, force_terminal=False)
    with console.capture() as capture:
        console.print(comparison_report(contents))
    lines = capture.get().splitlines()
    assert max(map(len, lines)) <= width
    text = " ".join(capture.get().split())
    comparison = contents.pairs[0].comparison
    for part in (f"{comparison.difference:.3f}", f"{comparison.effect_size:.2f}", "<0.001", "0%", "worse"):
        assert part in text


def test_json_is_strict_and_holds_the_sentence():
    contents = compared(*study(scores(0.0, count=1), scores(0.1, count=1)))
    value = json.loads(json.dumps(comparison_to_json(contents), allow_nan=False))
    [pair] = value["pairs"]
    assert pair["comparison"]["p"] is None
    assert pair["comparison"]["interval"] is None
    assert pair["sentence"].endswith("cannot be compared with 1 image: a test needs two at least.")
    assert value["experiments"][0]["interval"] is None


def test_no_sentence_uses_the_words_that_hide_a_test():
    configs = [FROZEN, TUNED, config(learning_rate=0.1)]
    contents = compared(*study(scores(0.0), scores(0.15), scores(0.01), configs=configs))
    text = " ".join(pair.sentence for pair in contents.pairs).lower()
    assert "signific" not in text
    assert "marginal" not in text


def test_report_has_intervals_of_both_scores_and_a_sentence_for_each_pair():
    source, runs = study(scores(0.0), scores(0.15))
    contents = read_contents(source, runs)
    found = contents.comparisons
    text = render_markdown(contents, FigurePaths())
    assert "## Comparisons" in text
    cells = [
        f"{line.mean:.3f} | {line.interval.low:.3f} to {line.interval.high:.3f}"
        for line in (found.iou[1], found.dice.means[1])
    ]
    assert f"| Fine-tuning (Unfrozen Encoder) | 60 | 1 | {' | '.join(cells)} |" in text
    assert f"- {escape_markdown(found.sentences[0])}" in text
    assert text == render_markdown(read_contents(source, runs), FigurePaths())
    assert found.sentences[0] in shown(render_terminal(contents))


def test_report_without_image_scores_has_no_comparisons():
    source, runs = study(evaluation(), evaluation())
    contents = read_contents(source, runs)
    assert contents.comparisons is None
    assert "Comparisons" not in render_markdown(contents, FigurePaths())


def test_name_in_a_sentence_is_escaped():
    source, runs = study(scores(0.0), scores(0.15))
    named = [run(1, config=FROZEN, experiment="*a* | <b>"), runs[1]]
    text = render_markdown(read_contents(source, named), FigurePaths())
    assert r"- \*a\* \| \<b\> is worse than" in text
