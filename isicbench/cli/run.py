"""`isicbench run`: plan a study, train it, print its table."""

from typing import Any

import typer

from isicbench.cli.app import single
from isicbench.cli.experiment_options import (
    Accumulate,
    Augmentations,
    BatchParts,
    BatchSizes,
    ClipNorm,
    Compile,
    DataSeed,
    Decoders,
    DryRun,
    EmaDecays,
    EncoderRateShare,
    Encoders,
    Epochs,
    Exclusions,
    FineTuned,
    FoldNumbers,
    Folds,
    Force,
    FreezeUntil,
    Frozen,
    Inclusions,
    Keep,
    LearningRates,
    Losses,
    Names,
    Optimisers,
    Patience,
    Precision,
    Schedules,
    Seeds,
    Settings,
    Sizes,
    StudyTags,
    Threshold,
    UnfreezeAt,
    ValidateOn,
    ValidationShare,
    WarmupEpochs,
    WeightChoices,
    WeightDecay,
)
from isicbench.cli.options import (
    Address,
    CheckpointMinutes,
    CoresPerRun,
    Database,
    DataDir,
    DatasetName,
    Devices,
    Executor,
    GroupBy,
    HangMinutes,
    Images,
    JobsPerDevice,
    Masks,
    Retries,
    SplitFile,
    TestShare,
)
from isicbench.cli.slurm_options import SlurmGpus, SlurmOptions, SlurmPartition, SlurmTime, SlurmWorkers
from isicbench.cli.study_file import StudyFileCommand


def run(
    ctx: typer.Context,
    frozen: Frozen = False,
    fine_tuned: FineTuned = False,
    epochs: Epochs = [10],
    seed: Seeds = [0],
    data_seed: DataSeed = None,
    lr: LearningRates = None,
    batch_size: BatchSizes = [32],
    size: Sizes = [128],
    encoder: Encoders = ["mobilenet_v2"],
    decoder: Decoders = ["conv"],
    loss: Losses = ["bce"],
    optimiser: Optimisers = ["adam"],
    weight_decay: WeightDecay = 0.0,
    schedule: Schedules = ["constant"],
    warmup_epochs: WarmupEpochs = 0.0,
    encoder_lr: EncoderRateShare = 1.0,
    clip_norm: ClipNorm = 0.0,
    batch_parts: BatchParts = 1,
    accumulate: Accumulate = 1,
    freeze_until: FreezeUntil = [0],
    unfreeze_at: UnfreezeAt = [0],
    ema: EmaDecays = [0.0],
    patience: Patience = 0,
    keep: Keep = "last",
    weights: WeightChoices = ["imagenet1k_v1"],
    augmentation: Augmentations = ["study"],
    threshold: Threshold = "0.5",
    precision: Precision = "fp32",
    compile_: Compile = False,
    dataset: DatasetName = "isic2016",
    data_dir: DataDir = None,
    images: Images = None,
    masks: Masks = None,
    split_file: SplitFile = None,
    test_share: TestShare = None,
    group_by: GroupBy = "",
    validate_on: ValidateOn = "held-out",
    validation_share: ValidationShare = 0.1,
    folds: Folds = 0,
    fold: FoldNumbers = None,
    name: Names = None,
    tag: StudyTags = None,
    exclude: Exclusions = None,
    include: Inclusions = None,
    set_: Settings = None,
    devices: Devices = "auto",
    jobs_per_device: JobsPerDevice = 1,
    executor: Executor = "local",
    address: Address = None,
    cores_per_run: CoresPerRun = None,
    slurm_workers: SlurmWorkers = None,
    slurm_partition: SlurmPartition = None,
    slurm_time: SlurmTime = None,
    slurm_gpus: SlurmGpus = None,
    slurm_option: SlurmOptions = None,
    retries: Retries = 1,
    checkpoint_minutes: CheckpointMinutes = 10,
    hang_minutes: HangMinutes = 10,
    db: Database = None,
    force: Force = False,
    dry_run: DryRun = False,
) -> None:
    """Train every combination of the options on the devices at hand, and record it.

    A study is a TOML or YAML file of the same options, such as encoder = ["resnet18", "resnet50"], or one that
    isicbench studies lists; options on the command line come before the file's.

    What is completed already (same config and seed) is skipped. Ctrl-C once saves after the current step and stops,
    twice stops at once; the same command, or isicbench resume, goes on from there.
    """
    from isicbench.cli.machines import machines_for, require_precision
    from isicbench.cli.study import AskedStudy, command_line, train_grid
    from isicbench.cli.tags import read_tags
    from isicbench.compute.precision import resolve_precision
    from isicbench.config import Config
    from isicbench.data.split_choice import SplitChoice
    from isicbench.scheduling.leaving_out import read_combination
    from isicbench.scheduling.planning import Request
    from isicbench.scheduling.safeguards import Safeguards
    from isicbench.scheduling.slurm_job import SlurmWishes

    require_precision(precision, executor=executor)
    safeguards = Safeguards(checkpoint_minutes=checkpoint_minutes, hang_minutes=hang_minutes, retries=retries)
    slurm = SlurmWishes(
        workers=slurm_workers,
        partition=slurm_partition,
        time=slurm_time,
        gpus=slurm_gpus,
        options=tuple(slurm_option or ()),
    )
    machines = machines_for(
        executor,
        devices=devices,
        jobs_per_device=jobs_per_device,
        address=address,
        cores_per_run=cores_per_run,
        slurm=slurm,
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
        accumulate=accumulate,
        patience=patience,
        keep=keep,
        folds=folds,
        fold=min(folds, 1),
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
        "freeze_until": freeze_until,
        "unfreeze_at": unfreeze_at,
        "ema_decay": ema,
    }
    if lr:
        axes["learning_rate"] = lr
    if folds or fold:
        axes["fold"] = fold or list(range(1, folds + 1))
    assert not set_  # StudyFileCommand has made options of them
    request = Request(
        base=base,
        axes=axes,
        seeds=seed,
        names=name or (),
        data_dir=data_dir,
        choice=SplitChoice(images=images, masks=masks, split_file=split_file, test_share=test_share, group_by=group_by),
        exclude=[read_combination(text, option="--exclude") for text in exclude or ()],
        include=[read_combination(text, option="--include") for text in include or ()],
        tags=read_tags(tag or ()),
    )
    asked = AskedStudy(
        request=request,
        machines=machines,
        safeguards=safeguards,
        database=db,
        force=force,
        dry_run=dry_run,
        command=command_line(),
    )
    carry_out = ctx.obj or train_grid  # `isicbench search` takes the same options and does something else with them
    raise typer.Exit(carry_out(asked))


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
