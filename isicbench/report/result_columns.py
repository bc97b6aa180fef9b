"""Every column that the comparative table can have, and what it says of an experiment."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from isicbench.choices import unknown
from isicbench.evaluation.scales import SCALES, Metric
from isicbench.records import CostRecord
from isicbench.report.comparison import MeanLine
from isicbench.report.cost_table import MEASURES, cost_of
from isicbench.report.data_table import Cell, Column, Named, Range, finite, summarise
from isicbench.report.experiments import Experiment
from isicbench.report.folds import fold_mean_interval
from isicbench.report.labels import encoder_training
from isicbench.report.scores import EXPERIMENT, MACRO, MICRO, Score
from isicbench.report.table import HEADINGS, ResultRow
from isicbench.report.wording import duration, memory, number_ranges, printable, rate


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultLine:
    """One experiment, and its means over images with their intervals, where it is compared."""

    experiment: Experiment
    row: ResultRow
    iou: MeanLine | None
    dice: MeanLine | None
    costs: CostRecord | None
    """Of its network, where they are recorded."""


@dataclass(frozen=True, slots=True)
class ResultColumn:
    column: Column
    of: Callable[[ResultLine], Cell]


def require_columns(keys: Sequence[str], *, option: str) -> None:
    """Raises `ConfigError` for a key that no column has."""
    for key in keys:
        if key not in RESULT_COLUMNS:
            raise unknown(option, key, RESULT_COLUMNS)


def without_nats(column: ResultColumn) -> ResultColumn:
    """The column as it is where not every training loss is a cross-entropy."""
    if column.column.key != "train_loss":
        return column
    return replace(column, column=replace(column.column, print_unit=""))


def _score(key: str, heading: str) -> Column:
    return Column(key=key, heading=heading, decimals=4, is_score=True, better="higher")


def _loss(key: str, heading: str) -> Column:
    """Binary cross-entropy with natural logarithms, so in nats."""
    narrow = heading.replace("Final ", "Final\n")
    return Column(key=key, heading=heading, narrow=narrow, print_unit="nats", decimals=4, is_score=True, better="lower")


def _measured(score: Score, *, micro: bool = False) -> ResultColumn:
    """A mean over seeds of what the test set was scored."""
    heading = f"Micro {score.heading}" if micro and score.field.startswith("micro") else score.heading
    column = Column(
        key=score.field,
        heading=heading,
        unit=score.unit,
        narrow=score.narrow,
        decimals=score.decimals,
        is_score=not score.unit,
        better="lower" if score.unit else "neither" if score.field.endswith("share") else "higher",
    )
    return ResultColumn(column, lambda line: summarise(_scores(line.experiment, score.field)))


def _scores(experiment: Experiment, field: str) -> list[float]:
    values = [getattr(outcome.evaluation, field) for outcome in experiment.counted]
    return [value for value in map(finite, values) if value is not None]


def _setting(key: str, heading: str, *, of: Callable[[Experiment], Cell], is_text: bool = False) -> ResultColumn:
    """A field of the config, which masks of another tool do not have."""
    column = Column(key=key, heading=heading, is_text=is_text)
    return ResultColumn(column, lambda line: None if line.experiment.config.is_external else of(line.experiment))


def _cost(field: str, heading: str, *, unit: str, decimals: int, text: Callable[[float], str]) -> ResultColumn:
    """A mean over the counted runs."""
    column = Column(key=field, heading=heading, unit=unit, decimals=decimals, with_unit=text)

    def of(line: ResultLine) -> Cell:
        values = [finite(getattr(outcome.run, field)) for outcome in line.experiment.counted]
        summary = summarise(value for value in values if value is not None)
        return summary.mean if summary else None

    return ResultColumn(column, of)


def _network(measure: Column) -> ResultColumn:
    """What the network costs."""
    return ResultColumn(measure, lambda line: cost_of(line.costs, measure) if line.costs else None)


def _interval(key: str, heading: str, *, of: Callable[[ResultLine], MeanLine | None], metric: Metric) -> ResultColumn:
    """Over images and seeds, or over the folds of a cross-validation."""
    column = Column(key=key, heading=heading, decimals=SCALES[Metric.DICE].decimals, is_score=True)

    def cell(line: ResultLine) -> Cell:
        if line.experiment.config.folds:
            interval = fold_mean_interval(line.experiment, metric)
        else:
            found = of(line)
            interval = found.interval if found else None
        return Range(low=interval.low, high=interval.high) if interval else None

    return ResultColumn(column, cell)


def _encoder(experiment: Experiment) -> str:
    return encoder_training(experiment.config)


_COLUMNS = (
    ResultColumn(EXPERIMENT, lambda line: Named(line.row.label, line.row.mark)),
    ResultColumn(_score("iou", HEADINGS[1]), lambda line: line.row.iou),
    ResultColumn(_score("dice", HEADINGS[2]), lambda line: line.row.dice),
    ResultColumn(_loss("train_loss", HEADINGS[3]), lambda line: line.row.train_loss),
    ResultColumn(_loss("validation_loss", HEADINGS[4]), lambda line: line.row.validation_loss),
    ResultColumn(Column(key="n", heading="n"), lambda line: line.row.n),
    _interval("iou_interval", "IoU, 95% interval", of=lambda line: line.iou, metric=Metric.IOU),
    _interval("dice_interval", "Dice, 95% interval", of=lambda line: line.dice, metric=Metric.DICE),
    *(_measured(score) for score in MACRO if score.field not in ("iou", "dice")),
    *(_measured(score, micro=True) for score in MICRO),
    ResultColumn(
        Column(key="seeds", heading="Seeds", is_text=True),
        lambda line: None if line.experiment.config.is_external else number_ranges(line.row.seeds) or None,
    ),
    ResultColumn(
        Column(key="runs", heading="Runs", is_text=True), lambda line: number_ranges(line.row.run_ids) or None
    ),
    _setting("encoder", "Encoder", of=_encoder, is_text=True),
    _setting("weights", "Weights", of=lambda e: printable(e.config.weights), is_text=True),
    _setting("augmentation", "Augmentation", of=lambda e: e.config.augmentation, is_text=True),
    _setting("epochs", "Epochs", of=lambda e: e.config.epochs),
    _setting("batch_size", "Batch", of=lambda e: e.config.batch_size),
    _setting("learning_rate", "Learning rate", of=lambda e: e.config.learning_rate),
    _setting("image_size_px", "Input size (px)", of=lambda e: e.config.image_size_px),
    ResultColumn(Column(key="threshold", heading="Threshold"), lambda line: line.experiment.config.threshold),
    _cost("train_seconds", "Training time", unit="s", decimals=1, text=duration),
    _cost("images_per_second", "Images/s", unit="", decimals=1, text=rate),
    _cost("peak_memory_mib", "Peak memory", unit="MiB", decimals=0, text=memory),
    *map(_network, MEASURES),
)
RESULT_COLUMNS = {found.column.key: found for found in _COLUMNS}
ALL_KEYS = tuple(RESULT_COLUMNS)
