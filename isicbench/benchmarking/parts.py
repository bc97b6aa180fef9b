"""The parts of isicbench that are measured, each beside another way to do its work."""

import itertools
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from PIL import Image

from isicbench.benchmarking.inputs import Inputs
from isicbench.benchmarking.measurement import Part, measure_part
from isicbench.benchmarking.notebook_peer import notebook_epoch
from isicbench.benchmarking.plain_network import compute_only
from isicbench.benchmarking.recorded import record_epochs
from isicbench.benchmarking.start_up import measure_start_up
from isicbench.benchmarking.step_parts import measure_step
from isicbench.benchmarking.tuned_peer import tuned_epoch
from isicbench.config import Config
from isicbench.data.dataset import Pair
from isicbench.data.prepare import prepare
from isicbench.data.threads import map_in_order, thread_count
from isicbench.data.verify import read_pair
from isicbench.home import home
from isicbench.models.segmenter import build_segmenter
from isicbench.records import EpochRecord
from isicbench.scoring.original import score_at_input_size, score_at_original_size
from isicbench.training.augmentation import draw_augmentation, flip
from isicbench.training.colours import ColourStatistics
from isicbench.training.images import ColourTransform, ResidentImages, slices
from isicbench.training.inference import predict_probabilities
from isicbench.training.loop import train

LOOP, COMPUTE, NOTEBOOK, TUNED = "isicbench's loop", "compute only", "notebook", "tuned DataLoader"


def measure_prepare(inputs: Inputs) -> Part:
    """Files to arrays of the network's size, and finding these arrays again."""
    pairs = inputs.dataset.train
    read = partial(read_pair, size_px=inputs.size_px)

    def again() -> None:
        prepare(inputs.dataset, size_px=inputs.size_px)

    def anew() -> None:
        for folder in ("prepared", "fingerprints"):
            shutil.rmtree(home() / folder, ignore_errors=True)
        again()

    return measure_part(
        "prepare",
        {
            "decode": lambda: [None for _ in map_in_order(read, pairs)],
            "decode, plain PIL loop": lambda: [plain_pair(pair, inputs.size_px) for pair in pairs],
            "prepare, first": anew,
            "prepare, again": again,
        },
        images=len(pairs),
        rounds=inputs.rounds,
        device=inputs.device,
        compared={
            "decode, times a plain PIL loop's rate": ("decode, plain PIL loop", "decode"),
            "prepare again, times the first": ("prepare, first", "prepare, again"),
        },
    )


def plain_pair(pair: Pair, size_px: int) -> tuple[np.ndarray, np.ndarray]:
    """The loop that one would write: open, convert, resize; image and mask."""
    size, bilinear = (size_px, size_px), Image.Resampling.BILINEAR
    with Image.open(pair.image) as image, Image.open(pair.mask) as mask:
        pixels = np.asarray(image.convert("RGB").resize(size, bilinear))
        return pixels, np.asarray(mask.convert("L").resize(size, bilinear)) > 127


def measure_augmentation(inputs: Inputs) -> Part:
    """Flips, colour jitter and normalisation of all training images, batch by batch."""
    data = ResidentImages.of(inputs.prepared.train, device=inputs.device)
    statistics = ColourStatistics.of(data)
    colours = ColourTransform(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225), device=inputs.device)
    generator = torch.Generator().manual_seed(0)

    def augment() -> None:
        draws = draw_augmentation("study", statistics, generator=generator).to(inputs.device)
        for part in slices(len(data), inputs.batch_size):
            flips = draws.flips[part]
            colours.jitter(flip(data.images[part], flips), draws.matrices[part], draws.offsets[part])
            flip(data.masks[part], flips)

    def normalise() -> None:
        for part in slices(len(data), inputs.batch_size):
            colours.normalise(data.images[part])

    return measure_part(
        "augmentation",
        {"augment": augment, "normalise alone": normalise},
        images=len(data),
        rounds=inputs.rounds,
        device=inputs.device,
        compared={"augmentation, times the time of normalising": ("augment", "normalise alone")},
    )


def measure_training(inputs: Inputs, *, frozen: bool) -> Part:
    """An epoch: the network alone on tensors in place, isicbench's loop, and both peers."""
    data = ResidentImages.of(inputs.prepared.train, device=inputs.device)
    settings = {"frozen": frozen, "batch_size": inputs.batch_size, "device": inputs.device}
    images = torch.from_numpy(np.array(inputs.prepared.train.images)).permute(0, 3, 1, 2).contiguous()
    masks = torch.from_numpy(np.array(inputs.prepared.train.masks) * 255)[:, None]
    return measure_part(
        f"training, {'frozen' if frozen else 'fine-tuned'}",
        {
            COMPUTE: compute_only(images=len(data), size_px=inputs.size_px, **settings),  # type: ignore[arg-type]
            LOOP: next_epoch(inputs, data, frozen=frozen),
            TUNED: tuned_epoch(images, masks, workers=thread_count(), **settings),  # type: ignore[arg-type]
            NOTEBOOK: notebook_epoch(inputs.dataset.train, size_px=inputs.size_px, **settings),  # type: ignore[arg-type]
        },
        images=len(data),
        rounds=inputs.rounds,
        device=inputs.device,
        compared={
            "loop, times compute only's rate": (COMPUTE, LOOP),
            "loop, times the tuned DataLoader's rate": (TUNED, LOOP),
            "loop, times the notebook's rate": (NOTEBOOK, LOOP),
        },
    )


def next_epoch(inputs: Inputs, data: ResidentImages, *, frozen: bool) -> Callable[[], None]:
    """The real loop, from one epoch's end to the next; it validates on a single image."""
    config = Config(
        weights="random",
        frozen=frozen,
        epochs=100_000,
        learning_rate=1e-4,
        batch_size=inputs.batch_size,
        image_size_px=inputs.size_px,
    )
    segmenter = build_segmenter(config, seed=0).to(inputs.device).to(memory_format=torch.channels_last)
    one = replace(data, image_ids=data.image_ids[:1], images=data.images[:1], masks=data.masks[:1])
    events = train(segmenter, config, seed=0, training=data, validation=one)

    def advance() -> None:
        for event in events:
            if isinstance(event, EpochRecord):
                return

    return advance


def measure_evaluation(inputs: Inputs) -> Part:
    """Probabilities of the test images, and their scores with all metrics at both resolutions."""
    test = inputs.prepared.test
    config = Config(weights="random", frozen=True, image_size_px=inputs.size_px)
    segmenter = build_segmenter(config, seed=0).to(inputs.device).to(memory_format=torch.channels_last)
    data = ResidentImages.of(test, device=inputs.device)
    # Masks with smooth edges: an untrained network's would be empty, and cheap to score.
    probabilities = (np.asarray(test.masks, np.float32) * 0.6 + 0.2).astype(np.float32)
    scored = {"dataset_fingerprint": "0" * 64, "split_name": "test", "threshold": 0.5}
    return measure_part(
        "evaluation",
        {
            "predict": lambda: predict_probabilities(segmenter, data),
            "score, input size": lambda: score_at_input_size(probabilities, test, **scored),  # type: ignore[arg-type]
            "score, original size": lambda: score_at_original_size(probabilities, test, **scored),  # type: ignore[arg-type]
        },
        images=len(data),
        rounds=inputs.rounds,
        device=inputs.device,
        compared={"original size, times the time of input size": ("score, original size", "score, input size")},
    )


def measure_recording(inputs: Inputs) -> Part:
    """What the database takes of an epoch's time: its row, and the progress rows that a second of training makes."""
    data = ResidentImages.of(inputs.prepared.train, device=inputs.device)
    recorder = record_epochs(inputs.folder / "recording.db")
    epochs = itertools.count(1)
    return measure_part(
        "recording",
        {
            "epoch": next_epoch(inputs, data, frozen=False),
            "record an epoch": lambda: recorder.epoch(next(epochs)),
            "record progress": recorder.progress,
        },
        images=0,
        rounds=inputs.rounds,
        device=inputs.device,
        compared={"recording's share of a fine-tuned epoch of these images": ("record an epoch", "epoch")},
    )


PARTS: dict[str, tuple[Callable[[Inputs], Part], ...]] = {
    "prepare": (measure_prepare,),
    "augmentation": (measure_augmentation,),
    "step": (partial(measure_step, frozen=True), partial(measure_step, frozen=False)),
    "training": (partial(measure_training, frozen=True), partial(measure_training, frozen=False)),
    "evaluation": (measure_evaluation,),
    "recording": (measure_recording,),
    "start-up": (measure_start_up,),
}
"""What `--only` names."""
