"""`isicbench export`: runs as files that other tools open."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from isicbench.cli.app import new_app
from isicbench.cli.options import Database, RunNumber, Study
from isicbench.exporting.model_formats import ModelFormat
from isicbench.exporting.targets import Target

RUNS = "runs"


class ExportGroup(TyperGroup):
    """`isicbench export FOLDER --to KIND` is `isicbench export runs FOLDER --to KIND`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        asks_for_help = bool(args) and args[0] in ctx.help_option_names
        if args and not asks_for_help and args[0] not in self.commands:
            args = [RUNS, *args]
        return super().parse_args(ctx, args)


app = new_app(cls=ExportGroup, no_args_is_help=True, context_settings={"help_option_names": ["-h", "--help"]})


@app.callback()
def export() -> None:
    """Write runs as files that other tools open: tables, networks, model cards, a folder to publish.

    isicbench export FOLDER --to KIND is short for isicbench export runs FOLDER --to KIND.
    """


@app.command(RUNS)
def export_runs(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new or empty folder.")],
    to: Annotated[Target, typer.Option("--to", help="For which tool; supplement is a folder to publish.")],
    study: Study = None,
    db: Database = None,
) -> None:
    """Write runs as files that other tools open, or as a folder to publish.

    parquet and csv: the tables results, epoch_results and image_results. mlflow: a folder mlruns. tensorboard: event
    files, a folder a run. supplement: tables, report, database, environments, the command that repeats each run, a
    README and checksums. parquet, mlflow and tensorboard need pip install 'isicbench[export]'.
    """
    from isicbench.cli.console import notes, out
    from isicbench.errors import StoreError
    from isicbench.exporting.export import export as write
    from isicbench.store.store import open_store

    store = open_store(db, create=False)
    runs = store.runs() if study is None else store.study_runs(study)
    if not runs:
        raise StoreError(f"{store.url_shown} holds no runs", hint="Train some: isicbench run")
    files = write(store, runs, folder, target=to)
    counts = f"{len(runs)} run{'s' if len(runs) != 1 else ''} in {folder}, {len(files)} files"
    out.print(f"{counts}. To open it: {to.opened_by(str(folder))}", markup=False, soft_wrap=True)
    if to is Target.SUPPLEMENT:
        notes.print(
            "Before publishing: report/ and results.db hold small pictures of test images, and results.db host names "
            "and the commands as they were typed.",
            soft_wrap=True,
        )


@app.command("model")
def export_model(
    run_id: RunNumber,
    form: Annotated[ModelFormat, typer.Option("--format", "-f", help="What reads the file.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The file to write.")],
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    db: Database = None,
) -> None:
    """Write a finished run's network for ONNX Runtime, or for torch without isicbench.

    The file takes RGB images from 0 to 1 at the network's input size, any number at once, and gives logits; the
    normalisation is inside, and so is what the file comes from. Before it is written it is compared with the run's own
    network on every test image: logits to 1e-4 (of the largest, where that is above 1), Dice to 3 decimals. A network
    that the format cannot hold ends with 12.
    """
    import os

    from isicbench.cli.console import out
    from isicbench.store.store import open_store

    store = open_store(db, create=False)
    run = store.run(run_id)
    os.environ["CUDA_VISIBLE_DEVICES"] = ""  # the check is done on the CPU, where every reader of the file works

    from isicbench.exporting.model_export import export_model as write

    made = write(store, run, output, form=form, force=force)
    check = made.check
    out.print(
        f"{made.path}: run {run.id}, {run.experiment}, threshold {made.threshold:g}, {made.bytes} bytes\n"
        f"On {check.image_count} test images: largest difference of a logit {check.largest_difference:.1e} (largest "
        f"logit {check.largest_logit:.1f}), Dice {check.dice:.4f}, by the run's network {check.torch_dice:.4f}\n"
        f"To read it: {form.read_by}",
        markup=False,
        soft_wrap=True,
    )


@app.command("card")
def export_card(
    what: Annotated[
        str, typer.Argument(metavar="RUN|EXPERIMENT", help="A run's number, or an experiment's name or a word of it.")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="The file to write.  [default: the screen]")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    db: Database = None,
) -> None:
    """Write a model card of a run, or of an experiment with all its seeds.

    Markdown with the front matter of Hugging Face's model cards: data with fingerprint and licence, protocol, scores
    with their intervals, diagnoses, limits, costs, environment, and how to reproduce it. Nothing in it is asked of you:
    read the limits, and add what you know.
    """
    from isicbench.data.whole_file import require_free, write_whole
    from isicbench.report.experiment_names import runs_of_experiments
    from isicbench.report.model_card import render_card
    from isicbench.store.store import open_store

    if output is not None and not force:
        require_free(output.expanduser())
    store = open_store(db, create=False)
    runs = [store.run(int(what))] if what.isascii() and what.isdigit() else runs_of_experiments(store.runs(), [what])
    text = render_card(store, runs)
    if output is None:
        typer.echo(text, nl=False)
        return
    output.expanduser().parent.mkdir(parents=True, exist_ok=True)
    write_whole(output.expanduser(), text)
