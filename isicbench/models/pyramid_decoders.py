"""Decoders that read an encoder's maps of every level, from the literature, at one width each.

They normalise by groups of channels (GroupNorm) where the papers have BatchNorm: a batch of one image, a frozen
encoder and an average over few images are then no special cases, and nothing in them moves outside of a step.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTH = 128
GROUPS = 8


class UNetDecoder(nn.Module):
    """U-Net's expanding path (Ronneberger et al., MICCAI 2015): upsample, join the finer map, two convolutions."""

    pyramid = True
    widths = (256, 128, 64, 32)

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        *finer, deepest = channels
        self.blocks = nn.ModuleList()
        for skip, width in zip(reversed(finer), self.widths, strict=False):
            self.blocks.append(nn.Sequential(convolution(deepest + skip, width), convolution(width, width)))
            deepest = width
        self.head = nn.Conv2d(deepest, 1, kernel_size=1)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        *finer, joined = maps
        for skip, block in zip(reversed(finer), self.blocks, strict=False):
            joined = block(torch.cat([enlarge(joined, skip), skip], dim=1))
        logits: Tensor = self.head(joined)
        return logits


class FPNDecoder(nn.Module):
    """A feature pyramid (Lin et al., CVPR 2017) whose levels are summed at the finest one from stride 4 on, as in
    Kirillov et al., "Panoptic Feature Pyramid Networks" (CVPR 2019)."""

    pyramid = True

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(nn.Conv2d(count, WIDTH, kernel_size=1) for count in channels[-4:])
        self.smooth = nn.ModuleList(convolution(WIDTH, WIDTH) for _ in self.lateral)
        self.head = nn.Conv2d(WIDTH, 1, kernel_size=1)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        laterals = [layer(level) for layer, level in zip(self.lateral, maps[-4:], strict=True)]
        for place in range(len(laterals) - 2, -1, -1):
            laterals[place] = laterals[place] + enlarge(laterals[place + 1], laterals[place])
        smoothed = [layer(level) for layer, level in zip(self.smooth, laterals, strict=True)]
        total = smoothed[0]
        for level in smoothed[1:]:
            total = total + enlarge(level, total)
        logits: Tensor = self.head(total)
        return logits


class DeepLabV3PlusDecoder(nn.Module):
    """Atrous spatial pyramid pooling on the deepest map, joined with the one at stride 4 (Chen et al., ECCV 2018)."""

    pyramid = True
    rates = (1, 2, 4)
    """Smaller than the paper's: at 128 to 512 px the deepest map has 4 to 16 cells a side."""

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        low, deepest = channels[-4], channels[-1]
        self.point = convolution(deepest, WIDTH, kernel=1)
        self.atrous = nn.ModuleList(convolution(deepest, WIDTH, dilation=rate) for rate in self.rates)
        self.pooled = convolution(deepest, WIDTH, kernel=1)
        self.project = convolution(WIDTH * (len(self.rates) + 2), WIDTH, kernel=1)
        self.low = convolution(low, 48, kernel=1)
        self.refine = nn.Sequential(convolution(WIDTH + 48, WIDTH), convolution(WIDTH, WIDTH))
        self.head = nn.Conv2d(WIDTH, 1, kernel_size=1)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        low, deepest = maps[-4], maps[-1]
        pooled = self.pooled(deepest.mean((2, 3), keepdim=True)).expand(-1, -1, *deepest.shape[-2:])
        branches = [self.point(deepest), *(layer(deepest) for layer in self.atrous), pooled]
        joined = self.project(torch.cat(branches, dim=1))
        logits: Tensor = self.head(self.refine(torch.cat([enlarge(joined, low), self.low(low)], dim=1)))
        return logits


class LRASPPDecoder(nn.Module):
    """MobileNetV3's reduced head: attention from the pooled deepest map, and logits of two levels summed (Howard et
    al., ICCV 2019)."""

    pyramid = True

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        low, deepest = channels[-3], channels[-1]
        self.point = convolution(deepest, WIDTH, kernel=1)
        self.attention = nn.Conv2d(deepest, WIDTH, kernel_size=1, bias=False)
        self.low_head = nn.Conv2d(low, 1, kernel_size=1)
        self.head = nn.Conv2d(WIDTH, 1, kernel_size=1)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        low, deepest = maps[-3], maps[-1]
        weights = torch.sigmoid(self.attention(deepest.mean((2, 3), keepdim=True)))
        attended = enlarge(self.point(deepest) * weights, low)
        logits: Tensor = self.head(attended) + self.low_head(low)
        return logits


class SegformerDecoder(nn.Module):
    """SegFormer's head (Xie et al., NeurIPS 2021): each level to one width by a 1x1 convolution, all joined at the
    finest from stride 4 on and mixed by another."""

    pyramid = True

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        self.project = nn.ModuleList(nn.Conv2d(count, WIDTH, kernel_size=1) for count in channels[-4:])
        self.fuse = convolution(WIDTH * len(self.project), WIDTH, kernel=1)
        self.head = nn.Conv2d(WIDTH, 1, kernel_size=1)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        projected = [layer(level) for layer, level in zip(self.project, maps[-4:], strict=True)]
        joined = torch.cat([enlarge(level, projected[0]) for level in projected], dim=1)
        logits: Tensor = self.head(self.fuse(joined))
        return logits


def convolution(inputs: int, outputs: int, *, kernel: int = 3, dilation: int = 1) -> nn.Sequential:
    """A convolution that keeps the map's size, GroupNorm and ReLU."""
    padding = dilation * (kernel // 2)
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel_size=kernel, padding=padding, dilation=dilation, bias=False),
        nn.GroupNorm(GROUPS, outputs),
        nn.ReLU(),
    )


def enlarge(level: Tensor, finer: Tensor) -> Tensor:
    """Bilinearly to the finer map's height and width."""
    return functional.interpolate(level, size=finer.shape[-2:], mode="bilinear")
