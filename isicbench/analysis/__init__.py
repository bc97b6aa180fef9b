"""Results as pandas DataFrames and matplotlib figures, for notebooks and scripts."""

from isicbench.analysis.curves import plot_curves
from isicbench.analysis.frames import epochs, image_scores, results

__all__ = ["epochs", "image_scores", "plot_curves", "results"]
