"""`isicbench resume`: go on with runs that were interrupted or failed."""

from typing import Annotated

import typer

from isicbench.cli.app import single
from isicbench.cli.options import (
    Address,
    CheckpointMinutes,
    CoresPerRun,
    Database,
    Devices,
    Executor,
    HangMinutes,
    JobsPerDevice,
    Retries,
)
from isicbench.cli.slurm_options import SlurmGpus, SlurmOptions, SlurmPartition, SlurmTime, SlurmWorkers


def resume(
    run_ids: Annotated[
        list[int] | None, typer.Argument(metavar="RUN", help="Runs' numbers, as isicbench list prints them.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every run that is interrupted, failed, or left queued.")] = False,
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
) -> None:
    """Go on with runs that were interrupted or failed, each from its last checkpoint.

    An interrupted run keeps its row; a failed one gets a new attempt. One without a checkpoint begins again.
    """
    from isicbench.cli.console import notes
    from isicbench.cli.machines import machines_for
    from isicbench.cli.study import command_line, train_study
    from isicbench.scheduling.one_machine import require_one_machine
    from isicbench.scheduling.resuming import requests_for, resumable_runs
    from isicbench.scheduling.safeguards import Safeguards
    from isicbench.scheduling.slurm_job import SlurmWishes
    from isicbench.store.store import open_store

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
    store = open_store(db, create=False)
    require_one_machine(store)
    runs = resumable_runs(store, run_ids=run_ids or (), everything=all_)
    if not runs:
        notes.print("Nothing to resume: no run is interrupted, failed or queued.")
        return
    for remark in machines.plan.remarks:
        notes.print(remark, markup=False)
    study = store.add_study(command_line(), requests_for(store, runs))
    raise typer.Exit(train_study(store, study, machines, safeguards))


app = single(resume)
