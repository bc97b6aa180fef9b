"""`isicbench encoders`: the encoders that `run --encoder` takes."""

from isicbench.cli.app import single
from isicbench.cli.options import Json, Size


def encoders(size: Size = 128, json: Json = False) -> None:
    """List the encoders with parameters, operations at the given size, feature maps and licence.

    Those of timm (pip install 'isicbench[timm]') are named timm:NAME; see timm.list_models().
    """
    from dataclasses import asdict

    from isicbench.cli.console import out, print_json
    from isicbench.cli.parts import print_problems
    from isicbench.config import require_size
    from isicbench.models.listing import list_encoders
    from isicbench.report.network_tables import encoders_table

    require_size(size)
    problems: list[str] = []
    found = list(list_encoders(size_px=size, broken=problems.append))
    if json:
        print_json([asdict(encoder) for encoder in found])
    else:
        out.print(encoders_table(found, size_px=size))
    print_problems(problems)


app = single(encoders)
