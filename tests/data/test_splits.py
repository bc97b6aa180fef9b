"""The validation split is the same everywhere."""

import numpy as np
import pytest

from isicbench.data.splits import hold_out
from isicbench.errors import DataError

IDS = [f"ISIC_{number:07d}" for number in range(900)]


def held_ids(ids: list[str], *, share: float = 0.1, seed: int = 0) -> set[str]:
    return {ids[place] for place in hold_out(ids, share=share, seed=seed)[1]}


def test_split_is_fixed_for_all_machines() -> None:
    _, validation = hold_out(IDS[:20], share=0.2, seed=0)
    assert validation.tolist() == [2, 4, 8, 13]


def test_indices_are_ascending_disjoint_and_complete() -> None:
    train, validation = hold_out(IDS, share=0.1, seed=3)
    assert train.dtype == validation.dtype == np.int64
    assert len(validation) == 90
    assert sorted([*train, *validation]) == list(range(900))
    assert (np.diff(train) > 0).all()
    assert (np.diff(validation) > 0).all()


def test_order_of_ids_does_not_matter_but_the_seed_does() -> None:
    assert held_ids(IDS[::-1]) == held_ids(IDS)
    assert held_ids(IDS, seed=1) != held_ids(IDS)


def test_larger_share_holds_out_the_same_images_and_more() -> None:
    assert held_ids(IDS, share=0.1) < held_ids(IDS, share=0.2)


@pytest.mark.parametrize(("count", "share", "held"), [(2, 0.01, 1), (2, 0.99, 1), (5, 0.5, 2), (10, 0.999, 9)])
def test_each_part_keeps_at_least_one_image(count: int, share: float, held: int) -> None:
    train, validation = hold_out(IDS[:count], share=share, seed=0)
    assert (len(train), len(validation)) == (count - held, held)


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_images_cannot_be_split(count: int) -> None:
    with pytest.raises(DataError, match=f"^{count} training image"):
        hold_out(IDS[:count], share=0.1, seed=0)
