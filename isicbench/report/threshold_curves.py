"""Curves over thresholds: mean Dice on validation, and the reliability of the test pixels' probabilities."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from isicbench.evaluation.calibration import reliability
from isicbench.report.curves import LINES_A_FIGURE, add_panel, legend_beneath, two_panels
from isicbench.report.experiments import Experiment
from isicbench.report.palette import GREY, LineStyle, line_style
from isicbench.report.style import SCREEN, Sheet, picture, report_style
from isicbench.report.thresholds import Probabilities, on_split


def threshold_curves(
    experiments: Sequence[Experiment], probabilities: Probabilities, sheet: Sheet = SCREEN
) -> list[bytes]:
    """Pictures with both curves, a line an experiment (its first seed that has any); none without probabilities."""
    drawn = [experiment for experiment in experiments if _run_id(experiment, probabilities) is not None]
    with report_style(sheet):
        return [
            _figure(drawn[start : start + LINES_A_FIGURE], probabilities, sheet)
            for start in range(0, len(drawn), LINES_A_FIGURE)
        ]


def _figure(experiments: Sequence[Experiment], probabilities: Probabilities, sheet: Sheet) -> bytes:
    figure = two_panels(sheet, height=3.7, lines=len(experiments))
    scores, calibration = add_panel(figure, 0, sheet), add_panel(figure, 1, sheet)
    calibration.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, linestyle=":")
    for index, experiment in enumerate(experiments):
        _draw_scores(scores, experiment, probabilities, line_style(index), with_markers=sheet.is_column)
        _draw_reliability(calibration, experiment, probabilities, line_style(index))
    _finish(scores, title="Validation Dice by threshold", x="Threshold", y="Dice (mean over images)")
    _finish(calibration, title="Reliability on test", x="Predicted probability", y="Share of lesion pixels")
    legend_beneath(figure, experiments, sheet)
    return picture(figure, sheet)


def _draw_scores(
    axes: Axes, experiment: Experiment, probabilities: Probabilities, style: LineStyle, *, with_markers: bool
) -> None:
    """A line over all thresholds, with markers for grey print, and a ring at the one that test was scored at."""
    run_id = _run_id(experiment, probabilities)
    record = on_split(probabilities[run_id], "validation") if run_id is not None else None
    if record is None:
        return
    points = {score.threshold: score.dice for score in record.threshold_scores}
    axes.plot(
        list(points),
        list(points.values()),
        color=style.colour,
        linestyle=style.dash,
        marker=style.marker if with_markers else "",
        markevery=max(1, len(points) // 12),
        markeredgecolor="white",
        markeredgewidth=0.6,
    )
    evaluation = next(outcome.evaluation for outcome in experiment.leading if outcome.run.id == run_id)
    if evaluation is not None and points:
        nearest = min(points, key=lambda threshold: abs(threshold - evaluation.threshold))
        axes.plot(
            [nearest],
            [points[nearest]],
            linestyle="",
            marker=style.marker,
            markersize=7,
            markerfacecolor="white",
            markeredgecolor=style.colour,
            markeredgewidth=1.6,
        )


def _draw_reliability(axes: Axes, experiment: Experiment, probabilities: Probabilities, style: LineStyle) -> None:
    run_id = _run_id(experiment, probabilities)
    record = on_split(probabilities[run_id], experiment.config.scored_split) if run_id is not None else None
    if record is None:
        return
    diagram = reliability(record.positives, record.negatives)
    axes.plot(
        diagram.predicted,
        diagram.observed,
        color=style.colour,
        linestyle=style.dash,
        marker=style.marker,
        markeredgecolor="white",
        markeredgewidth=0.6,
    )


def _finish(axes: Axes, *, title: str, x: str, y: str) -> None:
    axes.set_title(title)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.set_xlim(0, 1)
    axes.set_ylim(-0.02, 1.0)


def _run_id(experiment: Experiment, probabilities: Probabilities) -> int | None:
    """The first seed whose validation probabilities are recorded."""
    for outcome in experiment.leading:
        if on_split(probabilities.get(outcome.run.id, ()), "validation"):
            return outcome.run.id
    return None
