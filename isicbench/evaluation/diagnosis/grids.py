"""How fine a decoder's grid of logits is; a test compares it with the networks."""

from isicbench.config import Config

STRIDES = {"conv": 32, "deeplabv3plus": 4, "fpn": 4, "lraspp": 8, "segformer": 4, "unet": 2}
"""Pixels of input for one cell of a decoder's logits."""
FINEST_AT_4 = ("convnext", "swin")
"""Families of encoders without a map at stride 2, where `unet` ends otherwise."""


def logits_stride(config: Config) -> int:
    """Pixels of input for one cell of the logits of the config's network; one that is not known is taken for `conv`."""
    stride = STRIDES.get(config.decoder, STRIDES["conv"])
    return max(stride, 4) if any(family in config.encoder for family in FINEST_AT_4) else stride
