"""What isicbench promises of every encoder, decoder, loss, dataset and metric, as checks for tests.

The project's own tests run them on the built-in ones; a plugin's tests run them on the plugin, by its name. Each raises
`BrokenPromiseError`, an `AssertionError`, that says what was promised.
"""

from isicbench.testing.datasets import check_dataset
from isicbench.testing.losses import check_loss
from isicbench.testing.metrics import check_metric
from isicbench.testing.networks import check_decoder, check_encoder
from isicbench.testing.promises import BrokenPromiseError

__all__ = ["BrokenPromiseError", "check_dataset", "check_decoder", "check_encoder", "check_loss", "check_metric"]
