"""What a config can name, known without torch: encoders with their files of ImageNet weights, and decoders."""

from isicbench.plugins import Kind, find_plugin, is_plugin_name, not_known

TIMM = "timm:"
"""Names of encoders that are looked up in timm begin so."""

IMAGENET_FILES = {
    "convnext_base": "convnext_base-6075fbad.pth",
    "convnext_small": "convnext_small-0c510722.pth",
    "convnext_tiny": "convnext_tiny-983f1562.pth",
    "efficientnet_b0": "efficientnet_b0_rwightman-7f5810bc.pth",
    "efficientnet_b1": "efficientnet_b1_rwightman-bac287d4.pth",
    "efficientnet_b2": "efficientnet_b2_rwightman-c35c1473.pth",
    "efficientnet_b3": "efficientnet_b3_rwightman-b3899882.pth",
    "efficientnet_v2_s": "efficientnet_v2_s-dd5fe13b.pth",
    "mobilenet_v2": "mobilenet_v2-b0353104.pth",
    "mobilenet_v3_large": "mobilenet_v3_large-8738ca79.pth",
    "mobilenet_v3_small": "mobilenet_v3_small-047dcff4.pth",
    "regnet_y_1_6gf": "regnet_y_1_6gf-b11a554e.pth",
    "regnet_y_400mf": "regnet_y_400mf-c65dace8.pth",
    "regnet_y_800mf": "regnet_y_800mf-1b27b58c.pth",
    "resnet101": "resnet101-63fe2227.pth",
    "resnet18": "resnet18-f37072fd.pth",
    "resnet34": "resnet34-b627a593.pth",
    "resnet50": "resnet50-0676ba61.pth",
    "resnext50_32x4d": "resnext50_32x4d-7cdf4587.pth",
}
"""Torchvision's `IMAGENET1K_V1` by encoder; a name ends with the first digits of its file's SHA-256."""

ENCODERS = tuple(IMAGENET_FILES)
PYRAMID_DECODERS = ("deeplabv3plus", "fpn", "lraspp", "segformer", "unet")
"""They read a map of every level of the encoder."""
DECODERS = ("conv", *PYRAMID_DECODERS)


def require_known(*, encoder: str, decoder: str) -> None:
    """Raise `ConfigError`, with the nearest name, for one that is not known; of timm's only the prefix is looked at,
    and of a plugin whether its package is installed."""
    if not encoder.startswith(TIMM):
        _require(Kind.ENCODER, encoder, ENCODERS)
    _require(Kind.DECODER, decoder, DECODERS)


def _require(kind: Kind, name: str, built_in: tuple[str, ...]) -> None:
    if is_plugin_name(name):
        find_plugin(kind, name)
    elif name not in built_in:
        raise not_known(kind, name, built_in)
