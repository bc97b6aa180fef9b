"""The segmenter: an encoder, a decoder, and bilinear upsampling to the input's size."""

import torch
from torch import Tensor, nn

from isicbench.config import Config, Precision
from isicbench.models.encoders import Encoder, Features
from isicbench.models.upsampling import upsample
from isicbench.models.weights import load_encoder_weights
from isicbench.models.zoo import build_decoder, build_encoder


class Segmenter(nn.Module):
    """`(N, 3, H, W)` normalised images become `(N, 1, H, W)` logits.

    A frozen encoder gets no gradient and stays in evaluation mode whatever `train()` says: its BatchNorm statistics
    do not move and its Dropout is off. No graph is kept for it.
    """

    def __init__(self, encoder: Encoder, decoder: nn.Module, *, frozen: bool, precision: Precision = "fp32") -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.precision = precision
        if frozen:
            encoder.freeze(precision=precision)
        self.train()

    @property
    def frozen(self) -> bool:
        """Whether the whole encoder is."""
        return self.encoder.frozen

    def freeze_encoder(self, *, frozen: bool) -> None:
        """Freeze the whole encoder from now on, or no longer."""
        if frozen:
            self.encoder.freeze(precision=self.precision)
        else:
            self.encoder.thaw()

    def forward(self, images: Tensor) -> Tensor:
        return upsample(self.grid(images), size=images.shape[-2:])[:, None]

    def grid(self, images: Tensor) -> Tensor:
        """`(N, h, w)` float32 logits on the decoder's grid."""
        return self.grid_of(self.features(images))

    def features(self, images: Tensor) -> Features:
        """What the decoder reads of the encoder; of a frozen one in float32."""
        with self._autocast():
            features: Features = self.encoder(images)
        return features

    def grid_of(self, features: Features) -> Tensor:
        """`(N, h, w)` float32 logits."""
        with self._autocast():
            logits: Tensor = self.decoder(features)[:, 0]
        return logits.float()

    def _autocast(self) -> torch.autocast:
        """On for fine-tuning in bf16: a frozen encoder's engine sees to its own precision, and its decoder is cheap."""
        lowered = self.precision == "bf16" and not self.frozen
        device = next(self.parameters()).device
        return torch.autocast(device.type, dtype=torch.bfloat16, enabled=lowered)

    def trainable_parameters(self) -> list[nn.Parameter]:
        return [parameter for parameter in self.parameters() if parameter.requires_grad]


def build_segmenter(config: Config, *, seed: int) -> Segmenter:
    """A segmenter with its initial weights: random ones from `seed`, the encoder's from `config.weights`.

    What `config.freeze_until` names is frozen; what is frozen until `config.unfreeze_at` training freezes itself.
    With `config.data_seed`, a random encoder comes from that, so that runs of several seeds can share it. Raises
    `WeightsError` where the weights cannot be had, and `ConfigError` for an encoder or a decoder that is not known.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed if config.data_seed is None else config.data_seed)
        encoder = build_encoder(config.encoder, decoder=config.decoder)
        if config.data_seed is not None:
            torch.manual_seed(seed)
        decoder = build_decoder(config.decoder, encoder)
    load_encoder_weights(encoder, config)
    if config.freeze_until:
        encoder.freeze_up_to(config.freeze_until, side=config.image_size_px)
    return Segmenter(encoder, decoder, frozen=config.frozen, precision=config.precision)
