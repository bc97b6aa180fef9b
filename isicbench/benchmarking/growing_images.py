"""An epoch of training on many prepared images, resident in memory or streamed from disk."""

from pathlib import Path

import numpy as np

from isicbench.benchmarking.task import Task

SIZE_PX = 32
BATCH = 32


def images_task(way: str, count: int, folder: Path) -> Task:
    """One epoch of a frozen run over `count` tiny images, with its validation; loading them is a part of it."""
    images, masks = _arrays(folder, count)
    return Task(load=_load, do=lambda: _train(images, masks, resident=way == "resident"))


def _load() -> None:
    import isicbench.models.segmenter
    import isicbench.training.loop
    import isicbench.training.streamed_images  # noqa: F401


def _train(image_file: Path, mask_file: Path, *, resident: bool) -> None:
    import torch

    from isicbench.config import Config
    from isicbench.data.splits import hold_out
    from isicbench.models.segmenter import build_segmenter
    from isicbench.training.images import Images, ResidentImages
    from isicbench.training.loop import train
    from isicbench.training.streamed_images import StreamedImages

    device = torch.device("cpu")
    images, masks = (np.load(file, mmap_mode="r") for file in (image_file, mask_file))
    ids = tuple(map(str, range(len(images))))
    config = Config(weights="random", frozen=True, epochs=1, batch_size=BATCH, image_size_px=SIZE_PX)

    def place(index: np.ndarray) -> Images:
        if resident:
            return ResidentImages.load(image_ids=ids, images=images, masks=masks, index=index, device=device)
        return StreamedImages(images, masks, index, device)

    training, validation = hold_out(ids, share=0.1, seed=0)
    segmenter = build_segmenter(config, seed=0).to(memory_format=torch.channels_last)
    for _ in train(segmenter, config, seed=0, training=place(training), validation=place(validation)):
        pass


def _arrays(folder: Path, count: int) -> tuple[Path, Path]:
    """Written directly, a thousand images at a time."""
    paths = folder / f"{count}-images.npy", folder / f"{count}-masks.npy"
    if not paths[1].exists():
        random = np.random.default_rng(0)
        for path, shape in zip(paths, ((count, SIZE_PX, SIZE_PX, 3), (count, SIZE_PX, SIZE_PX)), strict=True):
            written = np.lib.format.open_memmap(path, "w+", np.uint8, shape)
            for start in range(0, count, 1_000):
                part = written[start : start + 1_000]
                part[:] = random.integers(0, 256 if len(shape) == 4 else 2, part.shape, np.uint8)
            written.flush()
    return paths
