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
    from dataclasses import asdict

    from isicbench.cli.console import out, print_json
    from isicbench.cli.parts import print_problems
    from isicbench.config import require_size
    from isicbench.models.listing import list_decoders
    from isicbench.report.network_tables import decoders_table

    require_size(size)
    problems: list[str] = []
    found = list(list_decoders(encoder=encoder, size_px=size, broken=problems.append))
    if json:
        print_json([asdict(decoder) for decoder in found])
    else:
        out.print(decoders_table(found, encoder=encoder, size_px=size))
    print_problems(problems)


app = single(decoders)
