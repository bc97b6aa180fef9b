"""What every metric of another package promises."""

import math

import numpy as np

from isicbench.evaluation.plugin_metrics import LoadedMetric, Mask, load_metric
from isicbench.plugins import Kind, find_plugin
from isicbench.testing.promises import require

HEIGHT, WIDTH = 24, 40


def check_metric(name: str) -> None:
    """Check a metric, by its name: a number for every pair of masks, empty and full ones too, the same each time,
    without writing into the masks; the right mask is better than its negative where it says which end is good."""
    metric = load_metric(find_plugin(Kind.METRIC, name))
    true = _square(4)
    for predicted in (true, _square(8), np.zeros_like(true), np.ones_like(true)):
        for truth in (true, np.zeros_like(true), np.ones_like(true)):
            _check_pair(metric, predicted, truth)
    right, wrong = _value(metric, true, true), _value(metric, ~true, true)
    if metric.better == "higher":
        require(right >= wrong, f"higher is better, but the right mask has {right:g} and its negative {wrong:g}")
    if metric.better == "lower":
        require(right <= wrong, f"lower is better, but the right mask has {right:g} and its negative {wrong:g}")


def _check_pair(metric: LoadedMetric, predicted: Mask, true: Mask) -> None:
    first, second = _value(metric, predicted, true), _value(metric, predicted, true)
    require(not metric.problem, metric.problem)
    require(first == second or (math.isnan(first) and math.isnan(second)), f"the same masks give {first} and {second}")
    require(not math.isinf(first), "a value is finite, or NaN where it is undefined")


def _value(metric: LoadedMetric, predicted: Mask, true: Mask) -> float:
    return metric.of(predicted, true, predicted.astype(np.float32))


def _square(side: int) -> Mask:
    mask = np.zeros((HEIGHT, WIDTH), np.bool_)
    mask[4 : 4 + side, 4 : 4 + side] = True
    return mask
