"""The study's network as torchvision and torch give it: what the peers train, and the measure of the loop."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import mobilenet_v2


class PlainNetwork(nn.Module):
    """MobileNetV2's features, two convolutions, bilinear upsampling: `(N, 3, H, W)` to `(N, 1, H, W)` logits."""

    def __init__(self, *, frozen: bool) -> None:
        super().__init__()
        self.features = mobilenet_v2(weights=None).features
        self.decoder = nn.Sequential(nn.Conv2d(1280, 128, 3, padding=1), nn.ReLU(), nn.Conv2d(128, 1, 1))
        self.frozen = frozen
        if frozen:
            self.features.requires_grad_(False).eval()

    def forward(self, images: Tensor) -> Tensor:
        with torch.set_grad_enabled(not self.frozen):
            features = self.features(images)
        return functional.interpolate(self.decoder(features), size=images.shape[-2:], mode="bilinear")


def adam(network: PlainNetwork) -> torch.optim.Adam:
    return torch.optim.Adam([p for p in network.parameters() if p.requires_grad], lr=1e-4, fused=True)


def plain_step(network: PlainNetwork, optimiser: torch.optim.Optimizer, images: Tensor, masks: Tensor) -> Tensor:
    """One step on `(N, 3, H, W)` images and `(N, 1, H, W)` masks from 0 to 1; the loss."""
    optimiser.zero_grad(set_to_none=True)
    loss = functional.binary_cross_entropy_with_logits(network(images), masks)
    torch.autograd.backward(loss)
    optimiser.step()
    return loss.detach()


def compute_only(
    *, frozen: bool, images: int, batch_size: int, size_px: int, device: torch.device
) -> Callable[[], None]:
    """As many eager steps in channels_last as `images` take, on one batch of tensors that lies on the device."""
    network = PlainNetwork(frozen=frozen).to(device).to(memory_format=torch.channels_last)
    optimiser = adam(network)
    batch = torch.randn(batch_size, 3, size_px, size_px, device=device).to(memory_format=torch.channels_last)
    masks = (torch.rand(batch_size, 1, size_px, size_px, device=device) < 0.3).float()

    def steps() -> None:
        for _ in range(-(-images // batch_size)):
            plain_step(network, optimiser, batch, masks)

    return steps
