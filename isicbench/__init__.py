"""isicbench: batch evaluation with an experiment database for skin-lesion segmentation.

In a notebook: `isicbench.results`, `epochs`, `image_scores` and `plot_curves`, which load pandas and matplotlib when
they are first used and not before.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from isicbench.analysis import epochs, image_scores, plot_curves, results

__version__ = "0.1.0"
__all__ = ["__version__", "epochs", "image_scores", "plot_curves", "results"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("isicbench.analysis"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
