"""What scaled decoding changes in scores, on real images and pretrained weights."""

import pytest

from benchmarks.decoding import measure_effect
from isicbench.config import Config
from isicbench.data.catalog import open_folder
from isicbench.models.weight_files import find_weights


@pytest.mark.long
def test_scaled_decoding_changes_the_mean_dice_by_less_than_a_hundredth(sample_data, monkeypatch, tmp_path):
    monkeypatch.setenv("ISICBENCH_HOME", str(tmp_path))
    weights = find_weights(str(sample_data / "weights" / "mobilenet_v2_features.pt"))
    config = Config(
        weights=weights.name,
        weights_sha256=weights.sha256,
        frozen=False,
        epochs=10,
        batch_size=8,
        image_size_px=128,
        threshold=0.3,
    )
    effect = measure_effect(open_folder(sample_data / "isic_sample"), config)
    assert effect.mean_difference < 0.5
    assert effect.dice[1] > 0.2
    assert effect.dice[0] == pytest.approx(effect.dice[1], abs=0.01)
