"""The options of `isicbench run` that say what to compare."""

from typing import Annotated

import typer

from isicbench.config import LOSSES, OPTIMISERS, SCHEDULES

GRID = "Repeat to span a grid."

Frozen = Annotated[bool, typer.Option("--frozen", help="Train with a frozen encoder.")]
FineTuned = Annotated[bool, typer.Option("--fine-tuned", help="Train all layers.  [default: both]")]
Epochs = Annotated[list[int], typer.Option("--epochs", metavar="N", help=f"Epochs. {GRID}")]
Seeds = Annotated[
    list[int], typer.Option("--seed", metavar="N", help=f"Seed of weights, order and augmentation. {GRID}")
]
DataSeed = Annotated[
    int | None,
    typer.Option(
        "--data-seed",
        metavar="N",
        help="Seed of order, augmentation and a random encoder; --seed is then the decoder's alone.  "
        "[default: the run's seed]",
    ),
]
LearningRates = Annotated[
    list[float] | None,
    typer.Option("--lr", metavar="RATE", help=f"Learning rate. {GRID}  [default: 1e-3 frozen, 1e-4 fine-tuned]"),
]
BatchSizes = Annotated[list[int], typer.Option("--batch-size", metavar="N", help=f"Images in a batch. {GRID}")]
Sizes = Annotated[
    list[int], typer.Option("--size", metavar="PX", help=f"Side of the network's input, in pixels. {GRID}")
]
Encoders = Annotated[list[str], typer.Option("--encoder", metavar="NAME", help=f"See isicbench encoders. {GRID}")]
Decoders = Annotated[list[str], typer.Option("--decoder", metavar="NAME", help=f"See isicbench decoders. {GRID}")]
Losses = Annotated[
    list[str], typer.Option("--loss", metavar="NAME", help=f"{', '.join(LOSSES)}, or see isicbench losses. {GRID}")
]
Optimisers = Annotated[list[str], typer.Option("--optimiser", metavar="NAME", help=f"{', '.join(OPTIMISERS)}. {GRID}")]
WeightDecay = Annotated[float, typer.Option("--weight-decay", metavar="SHARE", help="Of the optimiser.")]
Schedules = Annotated[
    list[str],
    typer.Option("--schedule", metavar="NAME", help=f"Of the learning rate: {', '.join(SCHEDULES)}. {GRID}"),
]
WarmupEpochs = Annotated[
    float, typer.Option("--warmup-epochs", metavar="N", help="Epochs in which the rate rises from zero.")
]
EncoderRateShare = Annotated[
    float, typer.Option("--encoder-lr", metavar="SHARE", help="The encoder's rate, as a share of --lr.")
]
ClipNorm = Annotated[
    float, typer.Option("--clip-norm", metavar="NORM", help="Shorten longer gradients; 0 leaves them.")
]
BatchParts = Annotated[
    int, typer.Option("--batch-parts", metavar="N", help="Send a batch through in N parts, for less memory.")
]
WeightChoices = Annotated[
    list[str],
    typer.Option("--weights", metavar="NAME|FILE", help=f"Encoder: imagenet1k_v1, random, or a FILE. {GRID}"),
]
FreezeUntil = Annotated[
    list[int],
    typer.Option(
        "--freeze-until", metavar="STRIDE", help=f"Freeze a fine-tuned encoder's stages up to this stride. {GRID}"
    ),
]
UnfreezeAt = Annotated[
    list[int],
    typer.Option("--unfreeze-at", metavar="EPOCH", help=f"Train a fine-tuned encoder from this epoch on. {GRID}"),
]
EmaDecays = Annotated[
    list[float],
    typer.Option("--ema", metavar="DECAY", help=f"Score and save an average of the weights; 0 for none. {GRID}"),
]
Patience = Annotated[
    int,
    typer.Option("--patience", metavar="N", help="Stop after N epochs without a better one on validation; 0 never."),
]
Keep = Annotated[
    str, typer.Option("--keep", metavar="EPOCH", help="Whose weights to score and save: last, or best on validation.")
]
Accumulate = Annotated[
    int, typer.Option("--accumulate", metavar="N", help="Gather the gradients of N steps for one change of weights.")
]
Folds = Annotated[
    int,
    typer.Option(
        "--folds",
        metavar="N",
        help="Cross-validate: cut the training images into N, score each part by a run on the others; 0 for none.",
    ),
]
FoldNumbers = Annotated[
    list[int] | None, typer.Option("--fold", metavar="K", help="Only this fold; repeat for several.  [default: all]")
]
Augmentations = Annotated[
    list[str],
    typer.Option("--augmentation", metavar="KIND", help=f"study (flips and colour jitter), flips, or none. {GRID}"),
]
Threshold = Annotated[
    str,
    typer.Option(
        "--threshold",
        metavar="P|auto",
        help="Probability above which a pixel is lesion; auto takes the best one on the validation images.",
    ),
]
Precision = Annotated[
    str,
    typer.Option("--precision", metavar="KIND", help="fp32, bf16, or auto: bf16 where the devices have units for it."),
]
Compile = Annotated[
    bool, typer.Option("--compile", help="Compile fine-tuned networks (torch.compile); pays in long trainings.")
]
ValidateOn = Annotated[
    str,
    typer.Option(
        "--validate-on", metavar="SPLIT", help="held-out (of the training images), or test, as the study did."
    ),
]
ValidationShare = Annotated[
    float, typer.Option("--validation-share", metavar="SHARE", help="Share of the training images to hold out.")
]
Names = Annotated[
    list[str] | None,
    typer.Option("--name", metavar="NAME", help="The experiment's name; once for each experiment."),
]
StudyTags = Annotated[
    list[str] | None,
    typer.Option("--tag", metavar="TAG", help="A word for this study, to select it by later; repeat for several."),
]
Exclusions = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude", metavar="KEY=VALUE,...", help="Leave these combinations out of the grid; repeat for several."
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Train again what is completed.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the plan and stop.")]
