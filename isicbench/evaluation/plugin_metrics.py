"""Metrics of other packages, computed beside the built-in ones, image by image.

A metric is a function of a predicted and a true mask, `(H, W)` bool each, as `boundary_iou` is, that returns a number;
NaN says that it is undefined. With an attribute `reads = "probabilities"` it gets `(h, w)` float32 probabilities in
the predicted mask's place, at the network's input size alone: no others are ever held. `better`, `"higher"` (which
holds without it), `"lower"` or `"neither"`, says which end is the good one.
"""

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isicbench.errors import IsicbenchError
from isicbench.evaluation.boundaries import boundary_iou, hausdorff95_px
from isicbench.evaluation.scoring import OVERLAP_SCORES
from isicbench.plugins import Kind, ListedPart, Plugin, first_line, list_plugins, plugins
from isicbench.records import PluginMetric

BOUNDARIES = (boundary_iou, hausdorff95_px)
READS = ("masks", "probabilities")
BETTER = ("higher", "lower", "neither")
SIDE_PX = 16
"""Of the masks that a metric is tried on."""

Mask = NDArray[np.bool_]
Probabilities = NDArray[np.float32]


@dataclass(slots=True)
class LoadedMetric:
    """A metric that was tried, or the reason why it can't be used; from its first failure on it is left alone."""

    plugin: Plugin
    function: Callable[[Any, Mask], Any] | None = None
    reads: str = "masks"
    better: str = "higher"
    problem: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, predicted: Mask, true: Mask, probabilities: Probabilities | None) -> float:
        """NaN where it failed on this image or an earlier one; `problem` tells. It cannot write into what it gets."""
        given = probabilities if self.reads == "probabilities" else predicted
        if self.function is None or self.problem or given is None:
            return math.nan
        try:
            return _number(self.plugin, self.plugin.call(self.function, _read_only(given), _read_only(true)))
        except IsicbenchError as error:
            with self._lock:
                self.problem = self.problem or error.message
            return math.nan


def load_metrics() -> tuple[LoadedMetric, ...]:
    """Every installed one, by name; a broken one with its problem."""
    return tuple(_loaded(plugin) for plugin in plugins(Kind.METRIC))


def load_metric(plugin: Plugin) -> LoadedMetric:
    """Raises `PluginError` where it cannot be imported, or fails on two small masks."""
    function = plugin.load()
    reads, better = getattr(function, "reads", "masks"), getattr(function, "better", "higher")
    for attribute, value, choices in (("reads", reads, READS), ("better", better, BETTER)):
        if value not in choices:
            raise plugin.error(f"its {attribute} is {value!r}, expected one of {', '.join(choices)}")
    predicted, true = np.zeros((SIDE_PX, SIDE_PX), np.bool_), np.zeros((SIDE_PX, SIDE_PX), np.bool_)
    predicted[4:12, 4:12], true[6:14, 6:14] = True, True
    given = predicted.astype(np.float32) if reads == "probabilities" else predicted
    _number(plugin, plugin.call(function, _read_only(given), _read_only(true)))
    return LoadedMetric(plugin, function, reads, better)


def list_metrics() -> list[ListedPart]:
    """Built-in ones, then those of other packages."""
    built_in: list[tuple[str, object]] = [*OVERLAP_SCORES.items(), *((one.__name__, one) for one in BOUNDARIES)]
    return [
        *(ListedPart(name=name, what=first_line(metric)) for name, metric in built_in),
        *list_plugins(Kind.METRIC, check=lambda plugin: load_metric(plugin).function),
    ]


def summarise_metrics(
    metrics: Sequence[LoadedMetric], image_ids: Sequence[str], rows: Sequence[Sequence[float]], *, resolution: str
) -> tuple[PluginMetric, ...]:
    """Of each metric that was computed at this resolution; `rows` holds an image's values, in the metrics' order."""
    return tuple(
        _summary(metric, image_ids, [row[place] for row in rows])
        for place, metric in enumerate(metrics)
        if metric.reads == "masks" or resolution == "training"
    )


def _loaded(plugin: Plugin) -> LoadedMetric:
    try:
        return load_metric(plugin)
    except IsicbenchError as error:
        return LoadedMetric(plugin, problem=error.message)


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view


def _summary(metric: LoadedMetric, image_ids: Sequence[str], values: Sequence[float]) -> PluginMetric:
    failed = bool(metric.problem)
    return PluginMetric(
        name=metric.plugin.name,
        version=metric.plugin.version,
        mean=math.nan if failed or not values else float(np.mean(values)),
        better=metric.better,
        problem=metric.problem,
        values={} if failed else dict(zip(image_ids, values, strict=True)),
    )


def _number(plugin: Plugin, found: object) -> float:
    if isinstance(found, bool) or not isinstance(found, int | float | np.integer | np.floating):
        raise plugin.error(f"it returns {type(found).__name__}, expected a number")
    return float(found)
