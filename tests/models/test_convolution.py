"""Winograd's convolution and the upsampling by matrices against torch's own."""

import pytest
import torch
from torch.nn import functional

from isicbench.models.convolution import LARGEST_GRID, convolve_tiles, feature_tiles
from isicbench.models.decoders import ConvDecoder
from isicbench.models.upsampling import upsample

SIZES = [(4, 4), (1, 1), (3, 5), (6, 6), (7, 2)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_convolution_and_its_gradient_are_torchs(size, layout):
    torch.manual_seed(0)
    features = torch.randn(3, 40, *size)
    weight = torch.randn(6, 40, 3, 3).to(memory_format=layout).requires_grad_()
    gradient = torch.randn(3, 6, *size)
    expected = functional.conv2d(features, weight, padding=1)
    (expected_gradient,) = torch.autograd.grad(expected, weight, gradient)
    convolved = convolve_tiles(feature_tiles(features), weight, size=size).permute(2, 3, 0, 1)
    (found_gradient,) = torch.autograd.grad(convolved, weight, gradient)
    assert torch.allclose(convolved, expected, atol=1e-4)
    assert torch.allclose(found_gradient, expected_gradient, atol=1e-4)


def test_features_with_a_gradient_and_large_grids_are_left_to_torch():
    assert feature_tiles(torch.randn(2, 8, 4, 4, requires_grad=True)) is None
    assert feature_tiles(torch.randn(2, 8, 1, LARGEST_GRID + 1)) is None


def test_a_decoder_gives_the_same_with_and_without_tiles():
    torch.manual_seed(0)
    decoder = ConvDecoder(20)
    features = torch.randn(3, 20, 4, 4)
    assert torch.allclose(decoder(features), decoder.layers(features), atol=1e-5)


@pytest.mark.parametrize("size", SIZES)
def test_upsampling_is_torchs(size):
    grid = torch.randn(3, *size)
    expected = functional.interpolate(grid[:, None], size=(33, 64), mode="bilinear", align_corners=False)[:, 0]
    assert torch.allclose(upsample(grid, size=(33, 64)), expected, atol=1e-5)
