import torch

from isicbench.models.engine import TorchEngine, filled


def test_batches_are_filled_up_with_black_images():
    images = torch.ones(2, 3, 4, 4)
    assert filled(images, 2) is filled(images, 1) is images
    assert filled(images, 5).sum((1, 2, 3)).tolist() == [48, 48, 0, 0, 0]


def test_a_filling_engine_gives_the_features_of_the_images_alone():
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.BatchNorm2d(8), torch.nn.ReLU()).eval()
    engine = TorchEngine(network, device=torch.device("cpu"), dtype=torch.float32)
    images = torch.randn(4, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    plain = engine(images)
    assert plain.std() > 0.1
    engine.fills = True
    sizes = []
    engine.network.register_forward_pre_hook(lambda _, inputs: sizes.append(len(inputs[0])))
    found = [engine(images), engine(images[:3]), engine(images[1:2])]
    assert sizes == [4, 4, 4]
    for features, expected in zip(found, (plain, plain[:3], plain[1:2]), strict=True):
        torch.testing.assert_close(features, expected, atol=1e-5, rtol=1e-5)
