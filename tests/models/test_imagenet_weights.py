"""The download of the ImageNet weights, against a server on this machine."""

import hashlib
import http.server
import threading
from functools import partial

import pytest
import torch

from isicbench.config import Config
from isicbench.data.download_records import recorded
from isicbench.errors import WeightsError
from isicbench.models import weight_files
from isicbench.models.names import IMAGENET_FILES
from isicbench.models.weight_files import IMAGENET, find_weights, weights_path
from isicbench.models.weights import load_encoder_weights
from isicbench.models.zoo import build_encoder
from tests.web_servers import Answers, plain_and_secure

IMAGENET_FILE = IMAGENET_FILES["mobilenet_v2"]


def own_caches(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("ISICBENCH_HOME", str(tmp_path / "home"))


@pytest.fixture
def served(tmp_path, monkeypatch):
    """A folder whose files a local server gives out, in place of the real address."""
    folder = tmp_path / "served"
    folder.mkdir()
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("ISICBENCH_WEIGHTS_URL", f"http://127.0.0.1:{server.server_port}")
    own_caches(tmp_path, monkeypatch)
    yield folder
    server.shutdown()


@pytest.fixture
def weights_sha256(served, monkeypatch) -> str:
    """Of weights that the server has, and that are taken for the real ones."""
    torch.save(build_encoder("mobilenet_v2").state_dict(), served / IMAGENET_FILE)
    sha256 = hashlib.sha256((served / IMAGENET_FILE).read_bytes()).hexdigest()
    monkeypatch.setattr(weight_files, "hash_prefix", lambda name: sha256[:8])
    return sha256


def test_weights_are_downloaded_checked_and_kept(served, weights_sha256):
    assert find_weights(IMAGENET).sha256 == weights_sha256
    (served / IMAGENET_FILE).unlink()
    assert find_weights(IMAGENET).sha256 == weights_sha256
    assert list((weights_path(IMAGENET, "").parent).iterdir()) == [weights_path(IMAGENET, "")]


def test_other_bytes_than_at_the_first_use_are_refused(weights_sha256, monkeypatch):
    find_weights(IMAGENET)
    monkeypatch.setattr(weight_files, "hash_prefix", lambda name: "")  # as if they had the digits in the name too
    weights_path(IMAGENET, "").write_bytes(b"other weights")
    with pytest.raises(WeightsError, match="not the file that was used before: it has 13 bytes"):
        find_weights(IMAGENET)


def test_weights_that_torch_had_downloaded_before_are_recorded_at_their_first_use(served, weights_sha256):
    path = weights_path(IMAGENET, "")
    path.parent.mkdir(parents=True)
    (served / IMAGENET_FILE).rename(path)
    assert find_weights(IMAGENET).sha256 == weights_sha256
    assert recorded(path.parents[3] / "home" / "downloads" / "weights", IMAGENET_FILE).sha256 == weights_sha256


def test_a_run_refuses_weights_that_have_changed_since_it_was_asked_for(weights_sha256):
    config = Config(weights=IMAGENET, weights_sha256=find_weights(IMAGENET).sha256)
    load_encoder_weights(build_encoder("mobilenet_v2"), config)
    torch.save(build_encoder("mobilenet_v2").state_dict(), weights_path(IMAGENET, ""))
    with pytest.raises(WeightsError, match="has changed since the run was asked for"):
        load_encoder_weights(build_encoder("mobilenet_v2"), config)


def test_a_redirect_from_https_to_http_is_refused(tmp_path, monkeypatch):
    own_caches(tmp_path, monkeypatch)
    with plain_and_secure(tmp_path, monkeypatch) as (plain, secure):
        monkeypatch.setenv("ISICBENCH_WEIGHTS_URL", f"{secure}/to?{plain}")
        with pytest.raises(WeightsError, match="redirects from https to http"):
            find_weights(IMAGENET)
    assert not weights_path(IMAGENET, "").exists()


def test_weights_that_come_down_cut_short_are_tried_again_and_not_kept(tmp_path, monkeypatch):
    asked = []

    def cut_short(self: Answers) -> None:
        asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"bytes")

    own_caches(tmp_path, monkeypatch)
    monkeypatch.setattr(Answers, "do_GET", cut_short)
    with plain_and_secure(tmp_path, monkeypatch) as (plain, _):
        monkeypatch.setenv("ISICBENCH_WEIGHTS_URL", plain)
        with pytest.raises(WeightsError, match="broke off"):
            find_weights(IMAGENET)
    assert len(asked) == 3
    assert not weights_path(IMAGENET, "").exists()


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


def test_the_files_are_torchvisions_own():
    from torchvision.models import get_model_weights

    for encoder, file in IMAGENET_FILES.items():
        assert get_model_weights(encoder).IMAGENET1K_V1.url == f"{weight_files.IMAGENET_URL}/{file}"


@pytest.mark.parametrize(
    "encoder", ["resnet18", "regnet_y_400mf", "efficientnet_b0", "convnext_tiny", "mobilenet_v3_small"]
)
def test_a_whole_classifiers_file_fits_its_encoder(encoder, tmp_path, monkeypatch):
    from torchvision import models

    own_caches(tmp_path, monkeypatch)
    torch.manual_seed(3)
    classifier = getattr(models, encoder)(weights=None)
    torch.save(classifier.state_dict(), tmp_path / "classifier.pth")
    weights = find_weights(str(tmp_path / "classifier.pth"), encoder=encoder)
    config = Config(weights=weights.name, weights_sha256=weights.sha256, encoder=encoder)
    ours = build_encoder(encoder)
    load_encoder_weights(ours, config)
    images = torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        assert torch.equal(ours.eval().plain_maps()(images), _last_map(classifier.eval(), images))


def _last_map(classifier, images):
    """What the classifier pools."""
    seen = []
    classifier.avgpool.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    classifier(images)
    return seen[0]


def test_imagenet_weights_for_an_encoder_of_timm_are_refused_with_the_way_to_get_them(tmp_path, monkeypatch):
    own_caches(tmp_path, monkeypatch)
    with pytest.raises(WeightsError) as raised:
        find_weights(IMAGENET, encoder="timm:resnet10t")
    assert "timm.create_model('resnet10t', pretrained=True)" in raised.value.hint
