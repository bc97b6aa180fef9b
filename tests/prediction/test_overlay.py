import numpy as np

from isicbench.prediction.overlay import EDGE_COLOUR, LINE_COLOUR, with_outline


def disc(size: int = 400, radius: int = 100) -> np.ndarray:
    rows, columns = np.mgrid[:size, :size] - size // 2
    return np.hypot(rows, columns) < radius


def test_outline_runs_along_the_masks_edge_and_nowhere_else():
    mask = disc()
    drawn = with_outline(np.full((400, 400, 3), 200, np.uint8), mask)
    rows, columns = np.mgrid[:400, :400] - 200
    from_edge = np.abs(np.hypot(rows, columns) - 100)
    line = (drawn == LINE_COLOUR).all(-1)
    assert line[from_edge < 0.5].all()
    assert from_edge[line].max() < 3
    assert from_edge[(drawn != 200).any(-1)].max() < 5
    assert (drawn == EDGE_COLOUR).all(-1).any()


def test_empty_mask_draws_nothing_and_the_picture_stays_as_it_is():
    picture = np.full((50, 60, 3), 9, np.uint8)
    assert (with_outline(picture, np.zeros((50, 60), bool)) == picture).all()
    with_outline(picture, np.ones((50, 60), bool))
    assert (picture == 9).all()


def test_full_mask_is_outlined_along_the_border():
    drawn = with_outline(np.full((50, 60, 3), 9, np.uint8), np.ones((50, 60), bool))
    assert (drawn[0] == LINE_COLOUR).all()
    assert (drawn[25, 30] == 9).all()
