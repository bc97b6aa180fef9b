"""The losses against their definitions."""

import itertools

import numpy as np
import pytest
import torch

from isicbench.config import LOSSES as NAMES
from isicbench.testing.losses import LOSS_PROMISES
from isicbench.training.losses import LOSSES, lovasz


def test_every_name_has_a_loss():
    assert tuple(LOSSES) == NAMES


@pytest.mark.parametrize("promise", LOSS_PROMISES, ids=lambda promise: promise.__name__)
@pytest.mark.parametrize("name", NAMES)
def test_a_loss_keeps_what_every_loss_promises(name, promise):
    promise(LOSSES[name])


def test_lovasz_is_the_extension_of_iou_over_all_sets_of_errors():
    """At hinge errors of 0 and 1 it is 1 - IoU of the mask that makes these errors."""
    truth = torch.tensor([1, 1, 0, 0, 1, 0, 0, 0, 0]).reshape(1, 3, 3).to(torch.uint8)
    for wrong in itertools.product([0, 1], repeat=9):
        mistaken = torch.tensor(wrong).reshape(1, 3, 3)
        logits = (1 - mistaken) * (truth.float() * 2 - 1)  # errors 1 - logit * sign: 0 where right, 1 where not
        predicted = np.logical_xor(truth.bool().numpy(), mistaken.bool().numpy())
        union = np.logical_or(predicted, truth.bool().numpy()).sum()
        jaccard = np.logical_and(predicted, truth.bool().numpy()).sum() / union if union else 1.0
        assert float(lovasz(logits, truth)) == pytest.approx(1 - jaccard, abs=1e-6)
