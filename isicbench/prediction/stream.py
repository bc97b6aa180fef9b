"""From image files through the network to mask files, a few at a time: memory does not grow with their number."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from isicbench.data.images import ImageFileError, SizedImage, read_new_image
from isicbench.data.progress import Progress, silent
from isicbench.data.threads import map_in_order, map_within
from isicbench.data.verify import Fault
from isicbench.prediction.mask_files import Predicted, write_predicted
from isicbench.prediction.outputs import Outputs
from isicbench.scoring.original import PIXELS_IN_FLIGHT
from isicbench.scoring.upsampling import Probabilities

COST_OF_PICTURES = 3
"""Memory that a pixel takes where more than its mask is drawn, against the mask alone."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A trained network, as this package needs it."""

    predict: Callable[[NDArray[np.uint8]], Probabilities]
    """From `(N, size_px, size_px, 3)` uint8 RGB to `(N, size_px, size_px)` float32 probabilities."""
    size_px: int
    batch: int
    """Images that go through it at once."""


def predict_images(
    images: Sequence[Path],
    network: Network,
    outputs: Outputs,
    *,
    threshold: float,
    origin: str,
    progress: Progress = silent,
) -> list[Fault]:
    """Write each image's mask at the image's own size, and what else `outputs` asks for; each file whole or not at all.

    `origin` is written into the masks' files. Gives the images that could not be read, for which nothing is written.
    Raises `DataError` where a file cannot be written.
    """
    outputs.make_folders()

    def write(item: Predicted | Fault) -> Fault | None:
        return item if isinstance(item, Fault) else write_predicted(item, outputs, threshold=threshold, origin=origin)

    costed = ((item, _pixels(item) * (COST_OF_PICTURES if outputs.pictures else 1)) for item in _run(images, network))
    faults: list[Fault] = []
    for done, fault in enumerate(map_within(PIXELS_IN_FLIGHT, write, costed), start=1):
        faults += [fault] if fault else []
        progress("predict", done, len(images))
    return faults


def _run(images: Iterable[Path], network: Network) -> Iterator[Predicted | Fault]:
    """Files are decoded in threads while the network works on earlier ones."""

    def read(path: Path) -> tuple[Path, SizedImage] | Fault:
        try:
            return path, read_new_image(path, network.size_px)
        except ImageFileError as error:
            return Fault(file=path, problem=str(error))

    for batch in _batches(map_in_order(read, images), network.batch):
        sound = [item for item in batch if not isinstance(item, Fault)]
        yield from (item for item in batch if isinstance(item, Fault))
        if sound:
            found = network.predict(np.stack([image.pixels for _, image in sound]))
            for (path, image), probabilities in zip(sound, found, strict=True):
                yield Predicted(image=path, size=image.original_size, probabilities=probabilities)


def _batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _pixels(item: Predicted | Fault) -> int:
    return 0 if isinstance(item, Fault) else item.size[0] * item.size[1]
