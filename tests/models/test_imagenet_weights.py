"""The download of the ImageNet weights, against a server on this machine."""

import hashlib
import http.server
import threading
from functools import partial

import pytest
import torch

from isicbench.errors import WeightsError
from isicbench.models import weight_files
from isicbench.models.weight_files import IMAGENET, IMAGENET_FILE, find_weights, weights_path
from isicbench.models.zoo import build_encoder


@pytest.fixture
def served(tmp_path, monkeypatch):
    """A folder whose files a local server gives out, in place of the real address."""
    folder = tmp_path / "served"
    folder.mkdir()
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("ISICBENCH_WEIGHTS_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    yield folder
    server.shutdown()


def test_weights_are_downloaded_checked_and_kept(served, monkeypatch):
    torch.save(build_encoder("mobilenet_v2", decoder="conv").state_dict(), served / IMAGENET_FILE)
    sha256 = hashlib.sha256((served / IMAGENET_FILE).read_bytes()).hexdigest()
    monkeypatch.setattr(weight_files, "HASH_PREFIX", sha256[:8])
    assert find_weights(IMAGENET).sha256 == sha256
    (served / IMAGENET_FILE).unlink()
    assert find_weights(IMAGENET).sha256 == sha256


def test_damaged_weights_are_refused_and_not_kept(served):
    (served / IMAGENET_FILE).write_bytes(b"not the weights")
    with pytest.raises(WeightsError, match="cannot be downloaded"):
        find_weights(IMAGENET)
    assert not weights_path(IMAGENET, "").exists()


def test_weights_that_cannot_be_had_say_which_file_goes_where(served):
    with pytest.raises(WeightsError) as error:
        find_weights(IMAGENET)
    assert IMAGENET_FILE in error.value.hint
    assert str(weights_path(IMAGENET, "").parent) in error.value.hint
    assert "--weights random" in error.value.hint


def test_a_damaged_file_in_the_cache_is_named(served):
    path = weights_path(IMAGENET, "")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"damaged")
    with pytest.raises(WeightsError, match="damaged"):
        find_weights(IMAGENET)
