"""Images pass through a few at a time."""

import numpy as np
from PIL import Image

from isicbench.data.threads import thread_count
from isicbench.prediction import stream
from isicbench.prediction.outputs import Outputs
from isicbench.prediction.stream import Network, predict_images

COUNT, BATCH = 200, 8


def test_images_are_read_as_the_network_takes_them_and_not_before(tmp_path, monkeypatch):
    images = [tmp_path / f"{number:03d}.png" for number in range(COUNT)]
    for path in images:
        Image.new("RGB", (40, 30)).save(path)
    read, taken, ahead, progress = [], [], [], []
    real = stream.read_new_image
    monkeypatch.setattr(stream, "read_new_image", lambda path, size_px: read.append(path) or real(path, size_px))

    def predict(pixels):
        taken.append(len(pixels))
        ahead.append(len(read) - sum(taken))
        return np.ones(pixels.shape[:3], np.float32)

    network = Network(predict=predict, size_px=32, batch=BATCH)
    outputs = Outputs(folder=tmp_path / "masks")
    report = lambda what, done, total: progress.append((what, done, total))  # noqa: E731
    assert predict_images(images, network, outputs, threshold=0.5, origin="a test", progress=report) == []
    assert (sum(taken), max(taken)) == (COUNT, BATCH)
    assert max(ahead) <= 4 * thread_count()
    assert progress == [("predict", done, COUNT) for done in range(1, COUNT + 1)]
    assert len(list((tmp_path / "masks").iterdir())) == COUNT
