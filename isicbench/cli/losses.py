"""`isicbench losses`: the losses that `run --loss` takes."""

from isicbench.cli.app import single
from isicbench.cli.options import Json


def losses(json: Json = False) -> None:
    """List the losses, with where each comes from."""
    from isicbench.cli.parts import print_parts
    from isicbench.training.losses import list_losses

    print_parts(list_losses(), heading="Loss", json=json)


app = single(losses)
