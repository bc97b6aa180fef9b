"""Decoded pairs kept in chunks while a dataset is being prepared, so that a killed call is taken up where it was."""

import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from isicbench.data.dataset import Pair
from isicbench.data.images import SizedImage, SizedMask
from isicbench.data.threads import map_in_order
from isicbench.data.verify import Fault, SizedPair, read_pair

PAIRS_A_CHUNK = 256
"""Some seconds of decoding, which is what a killed call loses, and at 128 px some 20 MB of memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedChunks:
    """A folder of chunks beside the arrays that they will become. Several processes may use it at once."""

    folder: Path
    size_px: int

    @classmethod
    def beside(cls, target: Path, *, size_px: int) -> "PreparedChunks":
        """With a name by which `whole_folder` drops it a day after it was last written to."""
        return cls(folder=target.with_name(f".{target.name}.partial-chunks"), size_px=size_px)

    def results(self, split: str, pairs: Sequence[Pair]) -> Iterator[SizedPair | list[Fault]]:
        """Each pair in order, decoded now or by an earlier call; a chunk with faults is not kept."""
        for start in range(0, len(pairs), PAIRS_A_CHUNK):
            part = pairs[start : start + PAIRS_A_CHUNK]
            file = self.folder / f"{split}-{start}.npz"
            kept = _read(file, count=len(part))
            if kept is not None:
                yield from kept
                continue
            results = list(map_in_order(partial(read_pair, size_px=self.size_px), part))
            sound = [result for result in results if isinstance(result, SizedPair)]
            if len(sound) == PAIRS_A_CHUNK:  # a shorter one is decoded again in a moment
                _write(file, sound)
            yield from results

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def _write(file: Path, pairs: Sequence[SizedPair]) -> None:
    """Whole or not at all; on a full disk not at all, since chunks only save time."""
    arrays = {
        "images": np.stack([pair.image.pixels for pair in pairs]),
        "masks": np.stack([pair.mask.pixels for pair in pairs]),
        "sizes": np.array([pair.image.original_size for pair in pairs], np.int32),
        "shares": np.array([pair.mask.original_share for pair in pairs]),
        "lengths": np.array([len(pair.mask.packed) for pair in pairs], np.int64),
        "packed": np.frombuffer(b"".join(pair.mask.packed for pair in pairs), np.uint8),
    }
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, suffix=".tmp") as temporary:
            np.savez(temporary, **arrays)  # type: ignore[arg-type]
            temporary.flush()
            os.link(temporary.name, file)


def _read(file: Path, *, count: int) -> list[SizedPair] | None:
    """The chunk's pairs; None where it is absent, damaged or removed by another process."""
    try:
        with np.load(file) as arrays:
            images, masks, sizes = arrays["images"], arrays["masks"], arrays["sizes"].tolist()
            shares, ends = arrays["shares"].tolist(), np.cumsum(arrays["lengths"]).tolist()
            packed = arrays["packed"].tobytes()
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        return None
    if not len(images) == len(masks) == len(sizes) == len(shares) == len(ends) == count:
        return None
    return [
        SizedPair(
            image=SizedImage(pixels=images[i], original_size=tuple(sizes[i])),
            mask=SizedMask(
                pixels=masks[i],
                original_size=tuple(sizes[i]),
                packed=packed[ends[i - 1] if i else 0 : ends[i]],
                original_share=shares[i],
            ),
        )
        for i in range(count)
    ]
