"""Colour jitter as one affine map an image: brightness, contrast, saturation and hue in a single 3x4 matrix.

Brightness, contrast and saturation are affine in RGB. A turn of hue is not, but over one image's pixels it nearly
is: dermoscopic images lie almost wholly in one or two sectors of HSV, within which it is linear. So each image's turns
to either side are fitted once by least squares, and a draw goes the fitting part of the way.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torchvision.transforms.functional import adjust_hue

from isicbench.training.images import Images, slices

HUE = 0.05
"""Largest turn of hue, in turns, as torchvision counts it."""
GREY = torch.tensor([0.299, 0.587, 0.114])
"""Luma weights of ITU-R BT.601."""
FIT_STRIDE = 4
"""A fit looks at every 4th pixel in both directions."""
RIDGE = 1e-3
"""Pulls the fit of an image without colours towards the identity."""


@dataclass(frozen=True, slots=True, eq=False)
class ColourStatistics:
    """What the colour maps need to know of each image; on the CPU."""

    means: Tensor
    """`(N, 3)`: mean colours, from 0 to 1."""
    hue_down: Tensor
    """`(N, 3, 3)`: the fitted turn by -`HUE`."""
    hue_up: Tensor
    """`(N, 3, 3)`: the fitted turn by +`HUE`."""

    @classmethod
    def of(cls, data: Images) -> "ColourStatistics":
        parts = [_statistics(data.images_at(part)) for part in slices(len(data), 64)]
        means, down, up = (torch.cat(tensors).cpu() for tensors in zip(*parts, strict=True))
        return cls(means, down, up)

    def rows(self, order: Tensor) -> "ColourStatistics":
        return ColourStatistics(self.means[order], self.hue_down[order], self.hue_up[order])


def colour_maps(
    statistics: ColourStatistics, *, brightness: Tensor, contrast: Tensor, saturation: Tensor, hue: Tensor
) -> tuple[Tensor, Tensor]:
    """`(N, 3, 3)` matrices and `(N, 3)` offsets that apply the four factors `(N,)` in this order.

    As in torchvision, contrast blends with the image's mean grey, saturation with each pixel's own grey, and hue is in
    turns; here within ±`HUE`.
    """
    identity = torch.eye(3)
    greying = torch.ones(3, 1) * GREY
    blend = saturation[:, None, None] * identity + (1 - saturation)[:, None, None] * greying
    turn = _turn(statistics, hue)
    matrices = turn @ blend * (brightness * contrast)[:, None, None]
    grey_offset = (statistics.means @ GREY) * brightness * (1 - contrast)
    # The blend keeps a grey as it is, so the offset meets the turn alone.
    return matrices, turn.sum(2) * grey_offset[:, None]


def _turn(statistics: ColourStatistics, hue: Tensor) -> Tensor:
    fitted = torch.where((hue < 0)[:, None, None], statistics.hue_down, statistics.hue_up)
    return torch.lerp(torch.eye(3).expand_as(fitted), fitted, (hue.abs() / HUE)[:, None, None])


def _statistics(images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Means and fitted turns of `(N, H, W, 3)` uint8 images."""
    thinned = images[:, ::FIT_STRIDE, ::FIT_STRIDE].permute(0, 3, 1, 2).float() / 255
    down, up = (_fit(thinned.flatten(2), adjust_hue(thinned, turn).flatten(2)) for turn in (-HUE, HUE))
    return images.float().mean((1, 2)) / 255, down, up


def _fit(before: Tensor, after: Tensor) -> Tensor:
    """The matrices M that minimise |M before - after|² + ridge |M - 1|² for `(N, 3, P)` colours."""
    ridge = RIDGE * before.shape[2] * torch.eye(3, device=before.device)
    gram = before @ before.transpose(1, 2) + ridge
    solution: Tensor = torch.linalg.solve(gram, before @ after.transpose(1, 2) + ridge)
    return solution.transpose(1, 2)
