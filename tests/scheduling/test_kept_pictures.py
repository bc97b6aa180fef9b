"""Of a run's test images the database keeps the pictures that a report shows."""

from isicbench.data.samples import SAMPLE_COUNT
from isicbench.data.synthetic import write_synthetic
from isicbench.store.store import open_store
from tests.commands import isicbench


def test_run_keeps_six_images_and_its_own_best_median_and_worst(tmp_path):
    write_synthetic(tmp_path / "pairs", train=12, test=20, seed=3)
    data = ("--dataset", "folder", "--data-dir", tmp_path / "pairs", "--weights", "random", "--size", 64)
    done = isicbench("run", *data, "--fine-tuned", "--epochs", 6, "--lr", "1e-3", "--batch-size", 4, "--devices", "cpu")
    assert done.returncode == 0, done.stderr
    store = open_store("results.db", create=False)
    kept = [sample.image_id for sample, _ in store.predictions([1])[1]]
    assert len(kept) == len(set(kept))
    assert SAMPLE_COUNT <= len(kept) <= SAMPLE_COUNT + 3
    scores = store.evaluations([1], with_image_scores=True)[1][0].image_scores
    ranked = sorted(scores, key=lambda score: -score.dice)
    assert {ranked[0].image_id, ranked[10].image_id, ranked[-1].image_id} - set(kept) == set()
