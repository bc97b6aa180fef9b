import pytest
import torch
from torchvision.transforms import functional

from isicbench.training.augmentation import draw_augmentation, flip
from isicbench.training.colours import HUE, ColourStatistics, colour_maps
from isicbench.training.images import ColourTransform, ResidentImages

CPU = torch.device("cpu")
PLAIN = ColourTransform(mean=(0, 0, 0), std=(1, 1, 1), device=CPU)


def jittered(data: ResidentImages, **factors: float) -> torch.Tensor:
    settings = {"brightness": 1.0, "contrast": 1.0, "saturation": 1.0, "hue": 0.0, **factors}
    tensors = {name: torch.full((len(data),), value) for name, value in settings.items()}
    return PLAIN.jitter(data.images, *colour_maps(ColourStatistics.of(data), **tensors))


def torchvisions(data: ResidentImages, *, brightness=1.0, contrast=1.0, saturation=1.0, hue=0.0) -> torch.Tensor:
    images = data.images.permute(0, 3, 1, 2).float() / 255
    images = functional.adjust_contrast(functional.adjust_brightness(images, brightness), contrast)
    return functional.adjust_hue(functional.adjust_saturation(images, saturation), hue)


@pytest.mark.parametrize(
    ("factors", "tolerance"),
    [
        ({"brightness": 1.2}, 1e-3),
        ({"brightness": 0.8}, 1e-5),
        ({"contrast": 0.8}, 1e-4),
        ({"contrast": 1.2}, 1e-3),
        ({"saturation": 0.8}, 1e-4),
        ({"saturation": 1.2}, 1e-3),
        ({"hue": HUE}, 8e-3),
        ({"hue": -HUE}, 8e-3),
        ({"hue": HUE / 2}, 4e-3),
        ({"brightness": 0.9, "contrast": 1.1, "saturation": 0.85, "hue": 0.03}, 4e-3),
    ],
)
def test_colour_maps_do_what_torchvision_does(discs, factors, tolerance):
    """Mean absolute difference on a scale from 0 to 1; torchvision clamps after each step, the map once at the end."""
    expected = torchvisions(discs, **factors)
    difference = (jittered(discs, **factors) - expected).abs().mean()
    change = (torchvisions(discs) - expected).abs().mean()
    assert difference < tolerance
    assert difference < 0.3 * change


def test_no_jitter_leaves_the_images_as_they_are(discs):
    draws = draw_augmentation("none", ColourStatistics.of(discs), generator=torch.Generator().manual_seed(0))
    assert not draws.flips.any()
    changed = PLAIN.jitter(discs.images, draws.matrices, draws.offsets)
    assert torch.allclose(changed, PLAIN.normalise(discs.images), atol=1e-6)


def test_normalisation_is_torchvisions(discs):
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    ours = ColourTransform(mean=mean, std=std, device=CPU).normalise(discs.images)
    expected = functional.normalize(discs.images.permute(0, 3, 1, 2).float() / 255, list(mean), list(std))
    assert torch.allclose(ours, expected, atol=1e-5)


def test_each_image_is_flipped_as_drawn(discs):
    flips = torch.tensor([[False, False], [True, False], [False, True], [True, True]])
    flipped = flip(discs.masks[:4], flips)
    expected = [discs.masks[0], discs.masks[1].flip(1), discs.masks[2].flip(0), discs.masks[3].flip(0, 1)]
    assert all(torch.equal(a, b) for a, b in zip(flipped, expected, strict=True))


def test_images_and_masks_are_flipped_alike(discs):
    flips = torch.rand(len(discs), 2, generator=torch.Generator().manual_seed(0)) < 0.5
    dark = flip(discs.images, flips)[..., 0] < 150
    assert torch.equal(dark, flip(discs.masks, flips).bool())


def test_draws_depend_on_the_generator_alone(discs):
    statistics = ColourStatistics.of(discs)
    first, again, other = (
        draw_augmentation("study", statistics, generator=torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)
    )
    assert torch.equal(first.matrices, again.matrices)
    assert not torch.equal(first.matrices, other.matrices)
    assert first.flips.any()
    assert not first.flips.all()
