"""What a comparison allows to say, in one sentence."""

import math

from isicbench.evaluation.comparison import Comparison, Verdict
from isicbench.evaluation.scales import Scale
from isicbench.report.wording import count


def comparison_sentence(comparison: Comparison, *, a: str, b: str, scale: Scale, tests: int) -> str:
    """The verdict on `a` and `b` with the figures behind it; `tests` is the number of pairs that Holm corrects for."""
    images = count(comparison.image_count, "image")
    if math.isnan(comparison.p):
        return f"{a} and {b} cannot be compared with {images}: a test needs two at least."
    if comparison.share_equal == 1:
        return f"No difference shown between {a} and {b}: the same {scale.label} on every one of {images}."
    figures = _figures(comparison, scale, tests)
    if comparison.verdict is Verdict.NO_DIFFERENCE_SHOWN:
        shown = _showable(comparison, scale)
        return f"No difference shown between {a} and {b} with {images} and {_seeds(comparison)}: {figures}; {shown}."
    scope = _scope(comparison, a, b)
    return f"{a} is {comparison.verdict.value} than {b}: {figures}, {images}, {_seeds(comparison)}{scope}."


def interval_text(low: float, high: float, *, decimals: int) -> str:
    """`0.190 to 0.260`."""
    return f"{_fixed(low, decimals)} to {_fixed(high, decimals)}"


def p_text(p: float) -> str:
    """`p < 0.001` or three decimals."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def _figures(comparison: Comparison, scale: Scale, tests: int) -> str:
    def number(value: float) -> str:
        return _fixed(value, scale.decimals)

    means = f"{scale.label} {number(comparison.mean_a)} against {number(comparison.mean_b)}"
    difference = f"difference {number(comparison.difference)}"
    if comparison.interval:
        low, high = comparison.interval.low, comparison.interval.high
        difference += f" (95% interval {interval_text(low, high, decimals=scale.decimals)})"
    corrected = f" after Holm's correction over {tests} pairs" if tests > 1 else ""
    return f"{means}, {difference}, {p_text(comparison.holm_p)}{corrected}"


def _showable(comparison: Comparison, scale: Scale) -> str:
    if math.isnan(comparison.smallest_difference):
        return "so few images could not have shown any difference"
    smallest = comparison.smallest_difference
    if smallest > scale.highest:
        return "no difference that is possible would have been shown with 80% power"
    return f"a difference of {_fixed(smallest, scale.decimals)} would have been shown with 80% power"


def _seeds(comparison: Comparison) -> str:
    a, b = comparison.seeds_a, comparison.seeds_b
    return f"{count(a, 'seed')} each" if a == b else f"{a} and {count(b, 'seed')}"


def _scope(comparison: Comparison, a: str, b: str) -> str:
    if comparison.seeds_a == comparison.seeds_b == 1:
        return ": it holds for these two trainings, not for training in general"
    if comparison.seeds_a == 1 or comparison.seeds_b == 1:
        single = a if comparison.seeds_a == 1 else b
        return f": {single} is one training, and it holds for that training alone"
    return ""


def _fixed(value: float, decimals: int) -> str:
    """Without a minus before a zero."""
    return f"{round(value, decimals) + 0.0:.{decimals}f}"
