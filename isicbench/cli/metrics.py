"""`isicbench metrics`: what every run is scored by."""

from isicbench.cli.app import single
from isicbench.cli.options import Json


def metrics(json: Json = False) -> None:
    """List the metrics that every run is scored by, with where each comes from."""
    from isicbench.cli.parts import print_parts
    from isicbench.evaluation.plugin_metrics import list_metrics

    print_parts(list_metrics(), heading="Metric", json=json)


app = single(metrics)
