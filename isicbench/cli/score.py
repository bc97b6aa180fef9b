"""`isicbench score`: masks of another tool, scored and recorded beside the trained runs."""

from pathlib import Path
from typing import Annotated

import typer

from isicbench.cli.app import single
from isicbench.cli.options import Database, Json


def score(
    predictions: Annotated[Path, typer.Option("--predictions", metavar="FOLDER", help="The predicted masks.")],
    truth: Annotated[
        Path, typer.Option("--truth", metavar="FOLDER", help="The true masks; may lie in the challenge's layout.")
    ],
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="The experiment's name.  [default: the folder's]")
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option("--threshold", metavar="P", help="Take the masks as 8-bit probabilities; lesion is above P."),
    ] = None,
    allow_missing: Annotated[
        bool,
        typer.Option("--allow-missing", help="Score an image without a prediction 0, also where it has no lesion."),
    ] = False,
    allow_inverted: Annotated[
        bool, typer.Option("--allow-inverted", help="Score masks that look inverted as they are.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Score again what was scored before.")] = False,
    db: Database = None,
    json: Json = False,
) -> None:
    """Score another tool's masks by the challenge's rules, and record them.

    Each true mask, ISIC_0000000_Segmentation.png, needs one predicted PNG of its size, ISIC_0000000_Segmentation.png or
    ISIC_0000000.png, of 0 and 255; with --threshold, of 8-bit grey probabilities (255 is 1). Every unsound file is
    named, and nothing is recorded then.
    """
    from isicbench.cli.console import progress_bars
    from isicbench.cli.scoring import print_scored, score_and_record

    with progress_bars() as progress:
        scored = score_and_record(
            predictions,
            truth,
            name=name,
            threshold=threshold,
            allow_missing=allow_missing,
            allow_inverted=allow_inverted,
            force=force,
            database=db,
            progress=progress,
        )
    print_scored(scored, json=json)


app = single(score)
