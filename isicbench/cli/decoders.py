"""`isicbench decoders`: the decoders that `run --decoder` takes."""

from typing import Annotated

import typer

from isicbench.cli.app import single
from isicbench.cli.options import Json, Size


def decoders(
    encoder: Annotated[
        str, typer.Option("--encoder", metavar="NAME", help="On whose feature maps they are measured.")
    ] = "mobilenet_v2",
    size: Size = 128,
    json: Json = False,
) -> None:
    """List the decoders with their parameters, and the operations of the whole network at the given size."""
    from isicbench.cli.console import out, print_json
    from isicbench.config import Config
    from isicbench.models.costs import network_cost
    from isicbench.models.names import DECODERS
    from isicbench.models.segmenter import build_segmenter
    from isicbench.models.zoo import decoder_source
    from isicbench.report.network_tables import decoders_table

    rows = []
    for name in DECODERS:
        segmenter = build_segmenter(Config(weights="random", encoder=encoder, decoder=name), seed=0)
        cost = network_cost(segmenter, size_px=size)
        rows.append(
            {
                "name": name,
                "parameters": sum(parameter.numel() for parameter in segmenter.decoder.parameters()),
                "network_gflops": cost.gflops,
                "source": decoder_source(name),
            }
        )
    if json:
        print_json(rows)
    else:
        out.print(decoders_table(rows, encoder=encoder, size_px=size))


app = single(decoders)
