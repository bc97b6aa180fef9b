"""`isicbench encoders`: the encoders that `run --encoder` takes."""

from isicbench.cli.app import single
from isicbench.cli.options import Json, Size


def encoders(size: Size = 128, json: Json = False) -> None:
    """List the encoders with parameters, operations at the given size, feature maps and licence.

    Those of timm (pip install 'isicbench[timm]') are named timm:NAME; see timm.list_models().
    """
    from isicbench.cli.console import out, print_json
    from isicbench.models.costs import network_cost
    from isicbench.models.names import ENCODERS, IMAGENET_FILES
    from isicbench.models.torchvision_encoders import LICENCE
    from isicbench.models.zoo import build_encoder
    from isicbench.report.network_tables import encoders_table

    rows = []
    for name in ENCODERS:
        encoder = build_encoder(name, decoder="unet")
        cost = network_cost(encoder, size_px=size)
        rows.append(
            {
                "name": name,
                "parameters": cost.parameters,
                "gflops": cost.gflops,
                "channels": {str(level.stride): level.channels for level in encoder.levels},
                "imagenet_file": IMAGENET_FILES[name],
                "licence": LICENCE,
            }
        )
    if json:
        print_json(rows)
    else:
        out.print(encoders_table(rows, size_px=size))


app = single(encoders)
