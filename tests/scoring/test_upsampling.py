"""The mask made without an upsampled array equals the one made with it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from isicbench.scoring.upsampling import upsampled_mask


def plainly(probabilities, *, width, height, threshold):
    resized = Image.fromarray(probabilities).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(resized) > threshold


@settings(max_examples=150, deadline=None)
@given(
    rows=st.integers(1, 40),
    columns=st.integers(1, 40),
    width=st.integers(1, 200),
    height=st.integers(1, 200),
    threshold=st.sampled_from([0.5, 0.3, 0.123456]),
    seed=st.integers(0, 2**32 - 1),
)
def test_mask_equals_pillows_resize_and_comparison_in_every_pixel(rows, columns, width, height, threshold, seed):
    probabilities = np.random.default_rng(seed).random((rows, columns), np.float32)
    arguments = {"width": width, "height": height, "threshold": threshold}
    assert np.array_equal(upsampled_mask(probabilities, **arguments), plainly(probabilities, **arguments))


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_probabilities_equal_to_the_threshold_are_background_at_every_size(value):
    probabilities = np.full((8, 8), value, np.float32)
    assert upsampled_mask(probabilities, width=33, height=21, threshold=0.5).all() == (value > 0.5)


def test_upsampling_is_that_of_torch_without_aligned_corners():
    torch = pytest.importorskip("torch")
    probabilities = np.random.default_rng(0).random((16, 16)).astype(np.float32)
    upsampled = torch.nn.functional.interpolate(
        torch.from_numpy(probabilities)[None, None], size=(95, 130), mode="bilinear", align_corners=False
    )[0, 0].numpy()
    clear = np.abs(upsampled - 0.5) > 1e-5
    mask = upsampled_mask(probabilities, width=130, height=95, threshold=0.5)
    assert np.array_equal(mask[clear], upsampled[clear] > 0.5)
    assert clear.mean() > 0.99
