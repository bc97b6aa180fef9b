"""Which test images are kept: the same for all runs, and a run's own best, median and worst."""

import numpy as np
import pytest

from isicbench.data.samples import telling_samples


def test_best_median_and_worst_image_are_named():
    assert telling_samples([0.4, 0.9, 0.1, 0.5, 0.6]).tolist() == [1, 3, 2]


def test_of_equal_images_the_first_is_named():
    assert telling_samples([0.0] * 6).tolist() == [0, 3, 5]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_images_are_named_as_far_as_there_are_any(count):
    assert set(telling_samples(np.linspace(0, 1, count).tolist()).tolist()) == set(range(count))
