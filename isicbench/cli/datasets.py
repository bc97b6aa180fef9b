"""`isicbench datasets`: the datasets that `--dataset` takes; `isicbench data list` is the same."""

from isicbench.cli.app import single
from isicbench.cli.options import Json


def datasets(json: Json = False) -> None:
    """List the datasets and whether they are on this machine."""
    from isicbench.cli.parts import print_parts
    from isicbench.data.catalog import list_datasets

    print_parts(list_datasets(), heading="Dataset", json=json)


app = single(datasets)
