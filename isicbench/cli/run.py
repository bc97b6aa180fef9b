"""`isicbench run`: plan a study, train it, print its table."""

import shlex
import sys
from typing import Annotated, Any

import typer

from isicbench.cli.app import single
from isicbench.cli.options import (
    Address,
    CheckpointMinutes,
    CoresPerRun,
    Database,
    DataDir,
    DatasetName,
    Devices,
    Executor,
    HangMinutes,
    JobsPerDevice,
    Retries,
)
from isicbench.cli.study_file import StudyFileCommand
from isicbench.config import LOSSES, OPTIMISERS, SCHEDULES

GRID = "Repeat to span a grid."


def run(
    frozen: Annotated[bool, typer.Option("--frozen", help="Train with a frozen encoder.")] = False,
    fine_tuned: Annotated[bool, typer.Option("--fine-tuned", help="Train all layers.  [default: both]")] = False,
    epochs: Annotated[list[int], typer.Option("--epochs", metavar="N", help=f"Epochs. {GRID}")] = [10],
    seed: Annotated[
        list[int], typer.Option("--seed", metavar="N", help=f"Seed of weights, order and augmentation. {GRID}")
    ] = [0],
    data_seed: Annotated[
        int | None,
        typer.Option(
            "--data-seed",
            metavar="N",
            help="Seed of order, augmentation and a random encoder; --seed is then the decoder's alone.  "
            "[default: the run's seed]",
        ),
    ] = None,
    lr: Annotated[
        list[float] | None,
        typer.Option("--lr", metavar="RATE", help=f"Learning rate. {GRID}  [default: 1e-3 frozen, 1e-4 fine-tuned]"),
    ] = None,
    batch_size: Annotated[list[int], typer.Option("--batch-size", metavar="N", help=f"Images in a batch. {GRID}")] = [
        32
    ],
    size: Annotated[
        list[int], typer.Option("--size", metavar="PX", help=f"Side of the network's input, in pixels. {GRID}")
    ] = [128],
    encoder: Annotated[list[str], typer.Option("--encoder", metavar="NAME", help=f"See isicbench encoders. {GRID}")] = [
        "mobilenet_v2"
    ],
    decoder: Annotated[list[str], typer.Option("--decoder", metavar="NAME", help=f"See isicbench decoders. {GRID}")] = [
        "conv"
    ],
    loss: Annotated[list[str], typer.Option("--loss", metavar="NAME", help=f"{', '.join(LOSSES)}. {GRID}")] = ["bce"],
    optimiser: Annotated[
        list[str], typer.Option("--optimiser", metavar="NAME", help=f"{', '.join(OPTIMISERS)}. {GRID}")
    ] = ["adam"],
    weight_decay: Annotated[float, typer.Option("--weight-decay", metavar="SHARE", help="Of the optimiser.")] = 0.0,
    schedule: Annotated[
        list[str],
        typer.Option("--schedule", metavar="NAME", help=f"Of the learning rate: {', '.join(SCHEDULES)}. {GRID}"),
    ] = ["constant"],
    warmup_epochs: Annotated[
        float, typer.Option("--warmup-epochs", metavar="N", help="Epochs in which the rate rises from zero.")
    ] = 0.0,
    encoder_lr: Annotated[
        float, typer.Option("--encoder-lr", metavar="SHARE", help="The encoder's rate, as a share of --lr.")
    ] = 1.0,
    clip_norm: Annotated[
        float, typer.Option("--clip-norm", metavar="NORM", help="Shorten longer gradients; 0 leaves them.")
    ] = 0.0,
    batch_parts: Annotated[
        int, typer.Option("--batch-parts", metavar="N", help="Send a batch through in N parts, for less memory.")
    ] = 1,
    weights: Annotated[
        list[str],
        typer.Option("--weights", metavar="NAME|FILE", help=f"Encoder: imagenet1k_v1, random, or a FILE. {GRID}"),
    ] = ["imagenet1k_v1"],
    augmentation: Annotated[
        list[str],
        typer.Option("--augmentation", metavar="KIND", help=f"study (flips and colour jitter), flips, or none. {GRID}"),
    ] = ["study"],
    threshold: Annotated[
        str,
        typer.Option(
            "--threshold",
            metavar="P|auto",
            help="Probability above which a pixel is lesion; auto takes the best one on the validation images.",
        ),
    ] = "0.5",
    precision: Annotated[
        str,
        typer.Option(
            "--precision", metavar="KIND", help="fp32, bf16, or auto: bf16 where the devices have units for it."
        ),
    ] = "fp32",
    compile_: Annotated[
        bool, typer.Option("--compile", help="Compile fine-tuned networks (torch.compile); pays in long trainings.")
    ] = False,
    dataset: DatasetName = "isic2016",
    data_dir: DataDir = None,
    validate_on: Annotated[
        str,
        typer.Option(
            "--validate-on", metavar="SPLIT", help="held-out (of the training images), or test, as the study did."
        ),
    ] = "held-out",
    validation_share: Annotated[
        float, typer.Option("--validation-share", metavar="SHARE", help="Share of the training images to hold out.")
    ] = 0.1,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", metavar="NAME", help="The experiment's name; once for each experiment."),
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option("--tag", metavar="TAG", help="A word for this study, to select it by later; repeat for several."),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            "--exclude", metavar="KEY=VALUE,...", help="Leave these combinations out of the grid; repeat for several."
        ),
    ] = None,
    devices: Devices = "auto",
    jobs_per_device: JobsPerDevice = 1,
    executor: Executor = "local",
    address: Address = None,
    cores_per_run: CoresPerRun = None,
    retries: Retries = 1,
    checkpoint_minutes: CheckpointMinutes = 10,
    hang_minutes: HangMinutes = 10,
    db: Database = None,
    force: Annotated[bool, typer.Option("--force", help="Train again what is completed.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and stop.")] = False,
) -> None:
    """Train every combination of the options on the devices at hand, and record it.

    A study is a TOML file of the same options, such as encoder = ["resnet18", "resnet50"], or one that isicbench
    studies lists; options on the command line come before the file's.

    What is completed already (same config and seed) is skipped. Ctrl-C once saves after the current step and stops,
    twice stops at once; the same command, or isicbench resume, goes on from there.
    """
    from isicbench.cli.machines import machines_for, require_precision
    from isicbench.cli.study import carry_out, print_plan
    from isicbench.cli.tags import read_tags
    from isicbench.compute.precision import resolve_precision
    from isicbench.config import Config
    from isicbench.scheduling.leaving_out import read_combination
    from isicbench.scheduling.planning import Request
    from isicbench.scheduling.safeguards import Safeguards
    from isicbench.store.urls import without_password

    require_precision(precision, executor=executor)
    safeguards = Safeguards(checkpoint_minutes=checkpoint_minutes, hang_minutes=hang_minutes, retries=retries)
    machines = machines_for(
        executor, devices=devices, jobs_per_device=jobs_per_device, address=address, cores_per_run=cores_per_run
    )
    base = Config(
        dataset=dataset,
        validate_on=validate_on,  # type: ignore[arg-type]  # Config checks it
        validation_share=validation_share,
        **_threshold(threshold),
        data_seed=data_seed,
        precision=resolve_precision(precision, machines.plan.slots),
        compile=compile_,
        weight_decay=weight_decay,
        warmup_epochs=warmup_epochs,
        encoder_rate_share=encoder_lr,
        clip_norm=clip_norm,
        batch_parts=batch_parts,
    )
    axes: dict[str, list[Any]] = {
        "frozen": [True] * frozen + [False] * fine_tuned or [True, False],
        "encoder": encoder,
        "decoder": decoder,
        "weights": weights,
        "loss": loss,
        "optimiser": optimiser,
        "schedule": schedule,
        "augmentation": augmentation,
        "image_size_px": size,
        "epochs": epochs,
        "batch_size": batch_size,
    }
    if lr:
        axes["learning_rate"] = lr
    left_out = [read_combination(text) for text in exclude or ()]
    request = Request(
        base=base,
        axes=axes,
        seeds=seed,
        names=name or (),
        data_dir=data_dir,
        exclude=left_out,
        tags=read_tags(tag or ()),
    )
    if dry_run:
        print_plan(request, machines.plan, database=db, force=force)
        return
    command = shlex.join(["isicbench", *map(without_password, sys.argv[1:])])
    raise typer.Exit(carry_out(request, machines, safeguards, database=db, force=force, command=command))


def _threshold(choice: str) -> dict[str, Any]:
    """The config's fields for `--threshold`."""
    from isicbench.errors import ConfigError

    if choice == "auto":
        return {"threshold_rule": "validation"}
    try:
        return {"threshold": float(choice)}
    except ValueError:
        raise ConfigError(f"--threshold {choice}: expected a number between 0 and 1, or auto") from None


app = single(run, cls=StudyFileCommand)
