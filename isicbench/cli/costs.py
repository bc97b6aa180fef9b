"""`isicbench costs`: what the networks of finished runs cost, measured on this machine's CPU."""

from typing import TYPE_CHECKING, Annotated

import typer

from isicbench.cli.app import single
from isicbench.cli.options import Database, Json

if TYPE_CHECKING:
    from rich.console import RenderableType

    from isicbench.scheduling.cost_measurement import MeasuredNetwork


def costs(
    run_ids: Annotated[
        list[int] | None,
        typer.Argument(metavar="[RUN]...", help="Runs' numbers.  [default: every completed run]", show_default=False),
    ] = None,
    threads: Annotated[int, typer.Option("--threads", metavar="N", min=1, help="CPU threads of the measurement.")] = 1,
    db: Database = None,
    json: Json = False,
) -> None:
    """Measure what networks cost: parameters, operations, and the time of one image on this CPU.

    Each network of the runs is measured once at its input size, with random weights, layer by layer in torch, and the
    figures are kept in a file costs.json in the folder of each run that has it. Reports show them: isicbench report
    --columns experiment,dice,parameters,gflops,latency_ms, and --table costs. Parameters and operations are recorded by
    every run at its end; the time, a median over a second and 20 images at least, only by this command.
    """
    from dataclasses import asdict

    from isicbench.cli.console import out, print_json, progress_bars
    from isicbench.scheduling.cost_measurement import measure_costs, runs_with_networks
    from isicbench.store.store import open_store

    store = open_store(db, create=False)
    with progress_bars() as progress:
        found = measure_costs(store, runs_with_networks(store, run_ids or ()), threads=threads, progress=progress)
    if json:
        print_json([asdict(network) for network in found])
    else:
        out.print(_table(found))


def _table(networks: "list[MeasuredNetwork]") -> "RenderableType":
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from isicbench.report.wording import number_ranges

    table = Table("encoder", "decoder", "px", "params (M)", "GFLOPs", "latency (ms)", "runs", box=None)
    for network in networks:
        costs = network.costs
        figures = (f"{costs.parameters / 1e6:.2f}", f"{costs.gflops:.3f}", f"{costs.latency_ms:.1f}")
        size = str(network.image_size_px)
        table.add_row(network.encoder, network.decoder, size, *figures, number_ranges(network.run_ids))
    return Group(table, Text(f"One image, {networks[0].costs.latency_on}.", style="dim"))


app = single(costs)
