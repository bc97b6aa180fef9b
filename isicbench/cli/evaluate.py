"""`isicbench evaluate RUN`: score a finished run once more."""

import os
from enum import StrEnum
from typing import Annotated

import typer

from isicbench.cli.app import single
from isicbench.cli.options import Database, DataDir, Json


class Split(StrEnum):
    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"
    FOLD = "fold"


class Resolution(StrEnum):
    TRAINING = "training"
    ORIGINAL = "original"
    BOTH = "both"


def evaluate(
    run_id: Annotated[int, typer.Argument(metavar="RUN", help="A run's number, as isicbench list prints it.")],
    dataset: Annotated[
        str | None,
        typer.Option("--dataset", metavar="NAME", help="Another dataset's name.  [default: the run's own data]"),
    ] = None,
    data_dir: DataDir = None,
    split: Annotated[Split, typer.Option("--split", help="Which images.")] = Split.TEST,
    threshold: Annotated[
        float | None,
        typer.Option(
            "--threshold", metavar="P", help="Probability above which a pixel is lesion.  [default: the run's]"
        ),
    ] = None,
    resolution: Annotated[
        Resolution, typer.Option("--resolution", help="The network's input size, the image files' own, or both.")
    ] = Resolution.BOTH,
    devices: Annotated[str, typer.Option("--devices", metavar="DEVICE", help="auto, cpu, or cuda:0.")] = "auto",
    db: Database = None,
    json: Json = False,
) -> None:
    """Score a finished run on another split, threshold or dataset.

    The scores are recorded beside the run's own, which stay as they are.
    """
    from isicbench.cli.console import notes, out, print_json, progress_bars
    from isicbench.cli.machines import slots_for
    from isicbench.report.json_records import evaluation_to_json
    from isicbench.report.run_details import evaluations_table
    from isicbench.store.store import open_store

    plan = slots_for(devices, jobs_per_device=1)
    for remark in plan.remarks:
        notes.print(remark, markup=False)
    store = open_store(db, create=False)
    run = store.run(run_id)
    os.environ["CUDA_VISIBLE_DEVICES"] = plan.slots[0].uuid  # before torch looks

    from isicbench.scheduling.reevaluation import EvaluationRequest, evaluate_again

    request = EvaluationRequest(
        dataset=dataset,
        data_dir=data_dir,
        split=split.value,
        threshold=threshold,
        resolutions=("training", "original") if resolution is Resolution.BOTH else (resolution.value,),
    )
    with progress_bars() as progress:
        found = evaluate_again(store, run, request, device=plan.slots[0].device, progress=progress)
    if json:
        print_json([evaluation_to_json(evaluation) for evaluation in found])
    else:
        out.print(evaluations_table(found))


app = single(evaluate)
