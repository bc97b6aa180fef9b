"""A comparison as JSON for `isicbench compare --json`: the keys are stable, a figure that is not defined is null."""

import math
from typing import Any

from isicbench.evaluation.comparison import Comparison
from isicbench.evaluation.intervals import Interval
from isicbench.report.comparison import ComparisonContents, MeanLine, PairLine

Json = dict[str, Any]


def comparison_to_json(contents: ComparisonContents) -> Json:
    """`metric split resolution tests experiments pairs notes`."""
    return {
        "metric": contents.scale.name,
        "split": contents.split,
        "resolution": contents.resolution,
        "tests": contents.tests,
        "experiments": [_experiment(line) for line in contents.means],
        "pairs": [_pair(line, contents) for line in contents.pairs],
        "notes": list(contents.notes),
    }


def _experiment(line: MeanLine) -> Json:
    return {
        "experiment": line.label,
        "run_ids": list(line.run_ids),
        "seeds": list(line.seeds),
        "image_count": line.image_count,
        "left_out": line.left_out,
        "mean": _number(line.mean),
        "interval": _interval(line.interval),
    }


def _pair(line: PairLine, contents: ComparisonContents) -> Json:
    return {
        "a": contents.means[line.a].label,
        "b": contents.means[line.b].label,
        "sentence": line.sentence,
        "left_out": line.left_out + (line.comparison.left_out if line.comparison else 0),
        "comparison": _comparison(line.comparison) if line.comparison else None,
    }


def _comparison(made: Comparison) -> Json:
    return {
        "verdict": made.verdict.value,
        "image_count": made.image_count,
        "seeds_a": made.seeds_a,
        "seeds_b": made.seeds_b,
        "mean_a": _number(made.mean_a),
        "mean_b": _number(made.mean_b),
        "difference": _number(made.difference),
        "interval": _interval(made.interval),
        "p": _number(made.p),
        "holm_p": _number(made.holm_p),
        "wilcoxon_p": _number(made.wilcoxon_p),
        "effect_size": _number(made.effect_size),
        "share_better": _number(made.share_better),
        "share_equal": _number(made.share_equal),
        "smallest_difference": _number(made.smallest_difference),
    }


def _interval(interval: Interval | None) -> Json | None:
    return {"low": interval.low, "high": interval.high, "method": interval.method} if interval else None


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
