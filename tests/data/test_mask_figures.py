"""Figures of masks: what a split's masks look like, at the network's input size and in the files."""

import numpy as np
import pytest
from PIL import Image

from isicbench.data.catalog import open_dataset
from isicbench.data.layout import TRAIN_IMAGES, TRAIN_MASKS
from isicbench.data.mask_figures import mask_figures
from isicbench.data.prepare import prepare
from tests.data.conftest import write_pair


def test_shares_are_those_of_the_files_and_of_the_prepared_masks(dataset):
    prepared = prepare(dataset, size_px=64)
    expected = [np.asarray(Image.open(pair.mask)).mean() / 255 for pair in dataset.train]
    assert prepared.train.original_shares == pytest.approx(expected)
    figures = mask_figures([prepared.train, prepared.test])
    assert figures.original_share == pytest.approx(np.mean(expected))
    assert figures.prepared_share == pytest.approx(figures.original_share, abs=0.01)
    assert (figures.border_share, figures.vanished, figures.image_count) == (0.0, 0, 6)


def test_inverted_masks_have_a_border_of_foreground(root):
    for folder in root.glob("*GroundTruth"):
        for path in folder.iterdir():
            Image.fromarray(255 - np.asarray(Image.open(path))).save(path)
    prepared = prepare(open_dataset("folder", data_dir=root), size_px=64)
    figures = mask_figures([prepared.train])
    assert figures.border_share == 1.0
    assert figures.centre_share < 0.9


def test_lesion_that_vanishes_at_the_networks_size_is_counted(root):
    write_pair(root, "ISIC_0000099", is_train=True, size=(1024, 768))
    mask = np.zeros((768, 1024), np.uint8)
    mask[300:303, 500:503] = 255
    Image.fromarray(mask).save(root / TRAIN_MASKS / "ISIC_0000099_Segmentation.png")
    assert (root / TRAIN_IMAGES / "ISIC_0000099.jpg").is_file()
    prepared = prepare(open_dataset("folder", data_dir=root), size_px=32)
    assert mask_figures([prepared.train]).vanished == 1


def test_part_of_a_split_holds_the_chosen_images_only(dataset):
    train = prepare(dataset, size_px=64).train
    part = train.part(np.array([2, 0]))
    assert part.image_ids == (train.image_ids[2], train.image_ids[0])
    assert np.array_equal(part.masks[1], train.masks[0])
    assert np.array_equal(part.original_masks.read(0), train.original_masks.read(2))
    assert part.original_shares[1] == train.original_shares[0]
