"""`isicbench predict RUN IMAGES...`: masks of new images."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from isicbench.cli.app import single
from isicbench.cli.options import Database, RunNumber

if TYPE_CHECKING:
    from isicbench.data.verify import Fault
    from isicbench.prediction.inputs import Inputs
    from isicbench.prediction.outputs import Outputs
    from isicbench.records import RunRecord


def predict(
    run_id: RunNumber,
    images: Annotated[list[Path], typer.Argument(metavar="IMAGES", help="Image files, or folders of them.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where the masks go.")],
    overlay: Annotated[
        bool, typer.Option("--overlay", help="Also write each picture with its mask's outline, in FOLDER/overlays.")
    ] = False,
    probabilities: Annotated[
        bool,
        typer.Option("--probabilities", help="Also write the probabilities, 255 for 1, in FOLDER/probabilities."),
    ] = False,
    threshold: Annotated[
        float | None,
        typer.Option(
            "--threshold", metavar="P", help="Probability above which a pixel is lesion.  [default: the run's]"
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over files that are there.")] = False,
    devices: Annotated[str, typer.Option("--devices", metavar="DEVICE", help="auto, cpu, or cuda:0.")] = "auto",
    db: Database = None,
) -> None:
    """Write the masks of new images, by the network that a run has trained.

    ISIC_0000000.jpg gets ISIC_0000000_segmentation.png, of its own size, of 0 and 255; a picture that its camera has
    marked as turned is turned upright first. An image that cannot be read is named at the end, the others get their
    masks, and the exit code is 8.
    """
    from isicbench.cli.console import notes, progress_bars
    from isicbench.cli.console import out as results
    from isicbench.cli.machines import slots_for
    from isicbench.prediction.inputs import find_inputs
    from isicbench.prediction.outputs import Outputs
    from isicbench.prediction.stream import predict_images
    from isicbench.store.store import open_store

    store = open_store(db, create=False)
    run = store.run(run_id)
    found = find_inputs(images)
    outputs = Outputs(folder=out.expanduser(), overlay=overlay, probabilities=probabilities)
    if not force:
        outputs.require_absent(found.images)
    plan = slots_for(devices, jobs_per_device=1)
    for remark in plan.remarks:
        notes.print(remark, markup=False)
    os.environ["CUDA_VISIBLE_DEVICES"] = plan.slots[0].uuid  # before torch looks

    from isicbench.prediction.trained_network import open_network, origin_of
    from isicbench.scheduling.trained_run import threshold_of

    cut = threshold_of(store, run, asked=threshold)
    network = open_network(store, run, device=plan.slots[0].device)
    origin = origin_of(store, run, threshold=cut)
    with progress_bars() as progress:
        faults = predict_images(found.images, network, outputs, threshold=cut, origin=origin, progress=progress)
    results.print(_summary(found, faults, outputs, run, cut), markup=False, soft_wrap=True)
    _require_all(faults, found)


def _summary(found: "Inputs", faults: "list[Fault]", outputs: "Outputs", run: "RunRecord", threshold: float) -> str:
    count = len(found.images) - len(faults)
    masks = f"{count} mask{'s' if count != 1 else ''}"
    passed = f"; {found.passed_over} files that are no images passed over" if found.passed_over else ""
    return f"{masks} in {outputs.folder} by run {run.id}: {run.experiment}, threshold {threshold:g}{passed}"


def _require_all(faults: "list[Fault]", found: "Inputs") -> None:
    from isicbench.errors import ImagesLeftOutError

    if faults:
        lines = "\n".join(f"  {fault.file}: {fault.problem}" for fault in faults)
        raise ImagesLeftOutError(
            f"no mask for {len(faults)} of {len(found.images)} images\n{lines}",
            hint="The others are written. Mend or remove these, and give the command again for them alone.",
        )


app = single(predict)
