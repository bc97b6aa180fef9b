"""Everything about one run, as `isicbench show RUN` prints it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from isicbench.config import Config
from isicbench.records import ArtifactRecord, EnvironmentRecord, EpochRecord, EvaluationRecord, RunRecord
from isicbench.report.notes import ending, metric_problems, seen_in_training
from isicbench.report.rich_tables import numbered_scores
from isicbench.report.scores import RESOLUTIONS, ScoreRow
from isicbench.report.terminal_curves import terminal_curves
from isicbench.report.wording import duration, evidence_text, figure, memory, printable, rate

EXTERNAL_FIELDS = ("dataset", "dataset_fingerprint", "predictions_sha256", "threshold")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDetails:
    """A run with all that is recorded about it."""

    run: RunRecord
    epochs: Sequence[EpochRecord] = ()
    evaluations: Sequence[EvaluationRecord] = ()
    environment: EnvironmentRecord | None = None
    artifacts: Sequence[ArtifactRecord] = ()


def run_details(details: RunDetails) -> RenderableType:
    """The run's state, failure and diagnoses first; then scores, curves, epochs, config, surroundings and files."""
    run = details.run
    seed = ", masks of another tool" if run.config.is_external else f", seed {run.seed}"
    title = Text(f"Run {run.id}: {printable(run.experiment)}{seed}", style="bold")
    parts: list[RenderableType] = [title, _pairs(_state(run))]
    if run.failure and run.failure.traceback:
        traceback = "\n".join(printable(line) for line in run.failure.traceback.rstrip().splitlines())
        parts += _section("Traceback", Text(traceback, style="dim"))
    if run.diagnoses:
        parts += _section("Diagnoses", _diagnoses(run))
    if details.evaluations:
        parts += _section("Evaluations", evaluations_table(details.evaluations))
    if details.epochs:
        if curves := terminal_curves(details.epochs):
            parts += _section("Curves", Group(*curves))
        parts += _section("Epochs", _epochs(details.epochs))
    parts += _section("Config", _pairs(_config(run.config)))
    if details.environment:
        parts += _section("Environment", _pairs(_environment(details.environment)))
    if details.artifacts:
        parts += _section("Files", _pairs([(item.kind, _artifact(item)) for item in details.artifacts]))
    return Group(*parts)


def _state(run: RunRecord) -> list[tuple[str, str]]:
    pairs = [
        ("status", ending(run)),
        ("uid", run.uid),
        ("config hash", run.config.config_hash[:12]),
        ("retry of", f"run {run.retry_of}" if run.retry_of else ""),
        ("created", _time(run.created_at)),
        ("started", _time(run.started_at)),
        ("finished", _time(run.finished_at)),
        ("slot", f"{run.owner.slot} on {run.owner.host} (process {run.owner.pid})" if run.owner else ""),
        ("training time", duration(run.train_seconds) if run.train_seconds is not None else ""),
        ("images/s", rate(run.images_per_second) if run.images_per_second is not None else ""),
        ("peak memory", memory(run.peak_memory_mib) if run.peak_memory_mib is not None else ""),
        ("log", run.log_path),
    ]
    return [(name, printable(value)) for name, value in pairs if value]


def _diagnoses(run: RunRecord) -> RenderableType:
    lines = []
    for diagnosis in run.diagnoses:
        line = Text(printable(diagnosis.kind), style="bold red")
        line.append(f": {printable(diagnosis.message)} {printable(diagnosis.advice)}", style="not bold default")
        if diagnosis.evidence:
            line.append(f" Figures: {evidence_text(diagnosis)}.", style="not bold default dim")
        lines.append(line)
    return Group(*lines)


def evaluations_table(evaluations: Sequence[EvaluationRecord]) -> RenderableType:
    """Which evaluations there are, then their macro scores in the same order, then the micro ones."""
    what = _figures("", "Split", "Size", "Threshold", "Images")
    for number, evaluation in enumerate(evaluations, start=1):
        place = str(number)
        size = RESOLUTIONS.get(evaluation.resolution, printable(evaluation.resolution))
        split = Text(printable(evaluation.split))
        what.add_row(place, split, Text(size), f"{evaluation.threshold:g}", str(evaluation.image_count))
    rows = [
        ScoreRow(run_id=number, seed=None, label="", evaluation=evaluation)
        for number, evaluation in enumerate(evaluations, start=1)
    ]
    seen = [Text(f"{line}.", style="yellow") for line in filter(None, map(seen_in_training, evaluations))]
    broken = [Text(f"{line}.", style="yellow") for line in metric_problems(evaluations)]
    return Group(what, *seen, *broken, Text(), numbered_scores(rows))


def _epochs(epochs: Sequence[EpochRecord]) -> Table:
    table = _figures("Epoch", "Train", "Validation", "Val. IoU", "Val. Dice", "Foregr.", "LR", "Seconds", "Img/s")
    for record in epochs:
        table.add_row(
            str(record.epoch),
            *map(figure, (record.train_loss, record.validation_loss, record.validation_iou, record.validation_dice)),
            figure(record.foreground_share),
            f"{record.learning_rate:g}",
            f"{record.train_seconds + record.validation_seconds:.1f}",
            rate(record.images_per_second),
        )
    return table


def _environment(environment: EnvironmentRecord) -> list[tuple[str, str]]:
    packages = ", ".join(f"{name} {version}" for name, version in sorted(environment.packages.items()))
    pairs = [
        ("device", environment.device),
        ("driver", environment.driver),
        ("host", environment.host),
        ("platform", environment.platform),
        ("Python", environment.python),
        ("threads", str(environment.threads)),
        ("code", environment.git_revision),
        ("packages", packages),
    ]
    return [(name, printable(value)) for name, value in pairs if value]


def _artifact(artifact: ArtifactRecord) -> str:
    return printable(f"{artifact.path} ({artifact.bytes} bytes, sha256 {artifact.sha256[:12]})")


def _figures(*headings: str) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for heading in headings:
        table.add_column(heading, justify="right")
    return table


def _pairs(pairs: Sequence[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in pairs:
        table.add_row(Text(name), Text(value))
    return table


def _section(title: str, body: RenderableType) -> list[RenderableType]:
    return [Text(), Text(title, style="bold"), Padding(body, (0, 0, 0, 2))]


def _config(config: Config) -> list[tuple[str, str]]:
    """Every field; of masks of another tool only those that mean something."""
    names = EXTERNAL_FIELDS if config.is_external else config.to_dict()
    return [(name, _config_value(getattr(config, name))) for name in names]


def _config_value(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else printable(str(value))


def _time(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S %Z}" if moment else ""
