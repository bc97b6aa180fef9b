"""`isicbench evaluate RUN...`: score finished runs once more."""

import os
from enum import StrEnum
from typing import Annotated

import typer

from isicbench.cli.app import single
from isicbench.cli.options import Database, DataDir, GroupBy, Images, Json, Masks, SplitFile, TestShare


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
    run_ids: Annotated[
        list[int] | None, typer.Argument(metavar="RUN", help="Runs' numbers, as isicbench list prints them.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every completed run that has a network.")] = False,
    dataset: Annotated[
        str | None,
        typer.Option("--dataset", metavar="NAME", help="Another dataset's name.  [default: the run's own data]"),
    ] = None,
    data_dir: DataDir = None,
    images: Images = None,
    masks: Masks = None,
    split_file: SplitFile = None,
    test_share: TestShare = None,
    group_by: GroupBy = "",
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
    """Score finished runs on another split, threshold or dataset.

    The scores are recorded beside the runs' own, which stay as they are. Those on other datasets' test images make the
    report's table of test datasets.
    """
    from isicbench.cli.console import notes, out, print_json, progress_bars
    from isicbench.cli.machines import slots_for
    from isicbench.cli.selecting import runs_with_network
    from isicbench.data.split_choice import SplitChoice
    from isicbench.report.json_records import evaluation_to_json
    from isicbench.report.notes import seen_in_training
    from isicbench.report.run_details import evaluations_table
    from isicbench.store.store import open_store

    plan = slots_for(devices, jobs_per_device=1)
    for remark in plan.remarks:
        notes.print(remark, markup=False)
    store = open_store(db, create=False)
    runs = runs_with_network(store, run_ids or (), every=every)
    os.environ["CUDA_VISIBLE_DEVICES"] = plan.slots[0].uuid  # before torch looks

    from isicbench.scheduling.reevaluation import EvaluationRequest, evaluate_each

    request = EvaluationRequest(
        dataset=dataset,
        data_dir=data_dir,
        choice=SplitChoice(images=images, masks=masks, split_file=split_file, test_share=test_share, group_by=group_by),
        split=split.value,
        threshold=threshold,
        resolutions=("training", "original") if resolution is Resolution.BOTH else (resolution.value,),
    )
    with progress_bars() as progress:
        scored = list(evaluate_each(store, runs, request, device=plan.slots[0].device, progress=progress))
    if json:
        print_json([{"run": run.id} | evaluation_to_json(found) for run, each in scored for found in each])
    for run, each in scored:
        if not json:
            if len(scored) > 1:
                out.print(f"Run {run.id} ({run.experiment}, seed {run.seed})", markup=False)
            out.print(evaluations_table(each))
        if split is not Split.TRAIN and (seen := seen_in_training(each[0])):
            notes.print(f"Warning: run {run.id}: {seen}.", markup=False)


app = single(evaluate)
