"""The validation split is the same everywhere."""

import numpy as np
import pytest

from isicbench.config import Config
from isicbench.data.splits import choose_folds, hold_out, split_training
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


def test_folds_are_fixed_for_all_machines() -> None:
    assert [fold.tolist() for fold in choose_folds(IDS[:7], folds=3, seed=0)] == [[1, 2, 6], [4, 5], [0, 3]]


@pytest.mark.parametrize("count", [5, 23, 900])
def test_folds_are_disjoint_complete_and_of_one_size(count: int) -> None:
    folds = choose_folds(IDS[:count], folds=5, seed=3)
    assert sorted(np.concatenate(folds)) == list(range(count))
    sizes = {len(fold) for fold in folds}
    assert max(sizes) - min(sizes) <= 1


def test_folds_hang_on_the_data_seed_and_not_on_the_order_of_ids() -> None:
    def parts(ids: list[str], **changes: int) -> list[set[str]]:
        config = Config(folds=4, fold=2, **changes)
        found = split_training(ids, config)
        return [{ids[place] for place in part} for part in (found.train, found.validation, found.fold)]

    assert parts(IDS[::-1]) == parts(IDS)
    assert parts(IDS, data_seed=1)[2] != parts(IDS)[2]
    train, validation, fold = parts(IDS)
    assert (len(train), len(validation), len(fold)) == (607, 68, 225)
    assert len(train | validation | fold) == 900


def test_fewer_images_than_folds_are_refused() -> None:
    with pytest.raises(DataError, match="3 training images cannot be cut into 4 folds"):
        choose_folds(IDS[:3], folds=4, seed=0)
