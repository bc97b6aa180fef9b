"""isicbench: batch evaluation with an experiment database for skin-lesion segmentation."""

__version__ = "0.1.0"
