"""How fast training is, against the plain network's own speed on tensors in place.

    python -m benchmarks.training [--quick] [--threads N] [--json FILE]

Ratios are the result; images a second say more about the machine and its other users than about the code.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from isicbench.benchmarking.alternating import Timing, time_alternating
from isicbench.compute.environment import cpu_model, installed_packages
from isicbench.config import Config
from isicbench.models.engine import Engine, OnnxEngine, TorchEngine
from isicbench.models.segmenter import Segmenter, build_segmenter
from isicbench.records import EpochRecord
from isicbench.training.images import ResidentImages
from isicbench.training.learners import Decoders
from isicbench.training.loop import train_together

BATCH = 32
SIZE = 128
TOGETHER = 10
CPU = torch.device("cpu")
Work = dict[str, Callable[[], object]]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds and shorter epochs")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="torch's threads")
    parser.add_argument("--json", type=Path, help="write all figures to this file as well")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    rounds, batches = (4, 2) if arguments.quick else (10, 6)
    print(f"{cpu_model()}; {arguments.threads} threads; {versions()}; batch {BATCH}, {SIZE} px, {rounds} rounds")
    results = {}
    for title, work, images in tables(batches):
        results[title] = time_alternating(work, rounds=rounds)
        print_table(title, results[title], images=images)
    ratios = ratios_of(results)
    print("\nratios" + " " * 54 + "wall    cpu")
    for name, (wall, cpu) in ratios.items():
        print(f"{name:58s} {wall:5.2f}  {cpu:5.2f}")
    if arguments.json:
        figures = {title: {name: t.to_dict() for name, t in table.items()} for title, table in results.items()}
        arguments.json.write_text(json.dumps({"machine": cpu_model(), "timings": figures, "ratios": ratios}, indent=2))


def tables(batches: int) -> Iterator[tuple[str, Work, int]]:
    """Title, work, and how many images each piece of it sees."""
    images = torch.randn(BATCH, 3, SIZE, SIZE).to(memory_format=torch.channels_last)
    masks = (torch.rand(BATCH, SIZE, SIZE) < 0.3).to(torch.uint8)
    data = random_images(BATCH * batches)
    yield "encoder", encoder_engines(images), BATCH
    yield "decoder", decoder_ways(images, masks), BATCH
    yield "frozen epoch", epochs(data, images, masks, frozen=True), len(data)
    yield "fine-tuned epoch", epochs(data, images, masks, frozen=False), len(data)


def encoder_engines(images: Tensor) -> Work:
    network = build_segmenter(config(), seed=0).encoder.features.eval()
    last = build_segmenter(config(), seed=0).encoder.features.eval().to(memory_format=torch.channels_last)
    contiguous = images.contiguous()
    engines: Work = {
        "eager": lambda: network(contiguous),
        "eager channels_last": lambda: last(images),
    }
    named: dict[str, Engine] = {
        "folded": TorchEngine(network, device=CPU, dtype=torch.float32),
        "folded bf16": TorchEngine(network, device=CPU, dtype=torch.bfloat16),
        "ONNX Runtime": OnnxEngine(network, threads=torch.get_num_threads()),
    }
    for name, engine in named.items():
        engines[name] = partial(engine, contiguous)
    return {name: inference(work) for name, work in engines.items()}


def decoder_ways(images: Tensor, masks: Tensor) -> Work:
    segmenter = build_segmenter(config(frozen=True), seed=0)
    features = segmenter.encoder(images)
    one, ten = (decoders(count) for count in (1, TOGETHER))
    plain = PlainStep(build_segmenter(config(frozen=True), seed=0), masks)
    return {
        "plain": lambda: plain.descend(features),
        "ours": lambda: one.step_on_features(features, masks),
        "ours, ten runs": lambda: ten.step_on_features(features, masks),
    }


def epochs(data: ResidentImages, images: Tensor, masks: Tensor, *, frozen: bool) -> Work:
    plain = PlainStep(build_segmenter(config(frozen=frozen), seed=0), masks)
    work: Work = {
        "compute only": partial(plain.steps, images, count=len(data) // BATCH),
        "loop": next_epoch(data, runs=1, frozen=frozen),
    }
    if frozen:
        work["loop, ten runs"] = next_epoch(data, runs=TOGETHER, frozen=True)
    return work


class PlainStep:
    """The network as torchvision and torch give it, in channels_last, on tensors in place."""

    def __init__(self, segmenter: Segmenter, masks: Tensor) -> None:
        segmenter.to(memory_format=torch.channels_last).train()
        self.encoder: nn.Module = segmenter.encoder.features
        self.decoder = segmenter.decoder.get_submodule("layers")
        self.frozen = segmenter.frozen
        self.targets = masks[:, None].float()
        self.optimiser = torch.optim.Adam(segmenter.trainable_parameters(), lr=1e-4, fused=True)

    def step(self, images: Tensor) -> None:
        with torch.set_grad_enabled(not self.frozen):
            features = self.encoder(images)
        self.descend(features)

    def steps(self, images: Tensor, *, count: int) -> None:
        for _ in range(count):
            self.step(images)

    def descend(self, features: Tensor) -> None:
        self.optimiser.zero_grad(set_to_none=True)
        logits = functional.interpolate(self.decoder(features), size=(SIZE, SIZE), mode="bilinear")
        torch.autograd.backward(functional.binary_cross_entropy_with_logits(logits, self.targets))
        self.optimiser.step()


def next_epoch(data: ResidentImages, *, runs: int, frozen: bool) -> Callable[[], None]:
    """The real loop, from one epoch's end to the next; its validation is a single image."""
    settings = config(frozen=frozen, epochs=10_000, data_seed=0)
    segmenters = [build_segmenter(settings, seed=seed) for seed in range(runs)]
    for segmenter in segmenters:
        segmenter.to(memory_format=torch.channels_last)
    events = train_together(segmenters, [settings] * runs, data_seed=0, training=data, validation=random_images(1))

    def advance() -> None:
        ended = 0
        while ended < runs:
            ended += isinstance(next(events).event, EpochRecord)

    return advance


def decoders(count: int) -> Decoders:
    segmenters = [build_segmenter(config(frozen=True, data_seed=0), seed=seed) for seed in range(count)]
    return Decoders(segmenters, learning_rates=[1e-4] * count)


def inference(work: Callable[[], object]) -> Callable[[], object]:
    return torch.inference_mode()(work)


def config(**changes: object) -> Config:
    return Config(**{"weights": "random", "learning_rate": 1e-4, "batch_size": BATCH} | changes)  # type: ignore[arg-type]


def random_images(count: int) -> ResidentImages:
    rng = np.random.default_rng(0)
    return ResidentImages.load(
        image_ids=[str(i) for i in range(count)],
        images=rng.integers(0, 256, (count, SIZE, SIZE, 3), dtype=np.uint8),
        masks=rng.integers(0, 2, (count, SIZE, SIZE), dtype=np.uint8),
        device=CPU,
    )


def ratios_of(results: dict[str, dict[str, Timing]]) -> dict[str, tuple[float, float]]:
    """Of wall time and of CPU time."""
    encoder, decoder = results["encoder"], results["decoder"]
    frozen, tuned = results["frozen epoch"], results["fine-tuned epoch"]
    pairs = {
        "encoder: ONNX Runtime, times eager channels_last's speed": (
            encoder["eager channels_last"],
            encoder["ONNX Runtime"],
        ),
        "decoder: ours, times the plain one's speed": (decoder["plain"], decoder["ours"]),
        "frozen loop, times compute only's speed": (frozen["compute only"], frozen["loop"]),
        "fine-tuned loop, times compute only's speed": (tuned["compute only"], tuned["loop"]),
        "ten frozen runs together, times the cost of one": (frozen["loop, ten runs"], frozen["loop"]),
    }
    return {name: (a.seconds / b.seconds, a.cpu_seconds / b.cpu_seconds) for name, (a, b) in pairs.items()}


def print_table(title: str, table: dict[str, Timing], *, images: int) -> None:
    print(f"\n{title:30s} {'ms':>8s} {'quartiles':>17s} {'cpu ms':>8s} {'images/s':>9s}")
    for name, t in table.items():
        spread = f"{t.lower_quartile * 1e3:.1f}-{t.upper_quartile * 1e3:.1f}"
        print(f"  {name:28s} {t.seconds * 1e3:8.1f} {spread:>17s} {t.cpu_seconds * 1e3:8.1f} {images / t.seconds:9.0f}")


def versions() -> str:
    found = installed_packages(("torch", "onnxruntime"))
    return ", ".join(f"{name} {version}" for name, version in found.items())


if __name__ == "__main__":
    main()
